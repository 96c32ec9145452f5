# seconds: 60
says='assert_match /run/modswan/why.txt'
# step by step, before anything is negotiated: the group, its connection, the DNS, the trap
ipsec why 192.1.2.45 192.1.3.33 | tee /run/modswan/why.txt
$says '^000 its source is an address of this host$'
$says '^000  +"private-or-clear#0.0.0.0/0": .*; prospective erouted; from .*/policies/private-or-clear:1$'
$says '^000 "private-or-clear#0.0.0.0/0" decides: a packet asks the DNS who speaks for'
$says '^000 the DNS: 192.1.3.33 speaks for it \(precedence 10, IPSECKEY record, 1 keys, signed and good, for'
$says '^the route: it leaves by ipsec0$'
$says '^the eroute: .* 192.1.2.45/32:0 +-> 0.0.0.0/0:0 +=> %trap'
$says '^it waits, and pluto is asked$'
assert_eq "before" "$(ipsec showpolicy 192.1.2.45 192.1.2.23)" waiting
wait_for 20 ping -n -c 1 -W 2 192.1.2.23
ping_ok 192.1.2.23 5
eroute_is 192.1.2.45/32 192.1.2.23/32 tun
assert_ge "packets to east" "$(eroute_packets 192.1.2.45/32 192.1.2.23/32)" 5
wait_for 20 ping -n -c 1 -W 2 192.1.3.33
ping_ok 192.1.3.33 5
eroute_is 192.1.2.45/32 192.1.3.33/32 tun
ipsec eroute
ipsec status >/run/modswan/status.txt
assert_match $rundir/pluto.log 'gateway of 192.1.2.23 is 192.1.2.23, by its TXT record \(secure\)'
assert_match $rundir/pluto.log 'gateway of 192.1.3.33 is 192.1.3.33, by its IPSECKEY record \(secure\)'
ipsec why 192.1.2.45 192.1.2.23 | tee /run/modswan/why.txt
$says '^000 "private-or-clear#0.0.0.0/0"\[[0-9]+\] .*decides: packets go through its tunnel$'
$says '^the eroute: .* 192.1.2.45/32:0 +-> 192.1.2.23/32:0 +=> tun'
$says '^it is protected$'
assert_eq "afterwards" "$(ipsec showpolicy 192.1.2.45 192.1.2.23)" secure
ipsec showpolicy --textual 192.1.2.45 192.1.2.23 | tee /run/modswan/policy.txt
for line in policy=secure fate=protected proof=dnssec me=192.1.2.45 peer=192.1.2.23 \
	gateway=192.1.2.23 kernel=klips device=ipsec0; do
	grep -Fx "$line" /run/modswan/policy.txt >/dev/null || fail "no line $line"
done
