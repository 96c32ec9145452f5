cd $confdir/ipsec.d/policies
echo "192.1.2.254" >clear
echo "192.1.2.0/24" >private
ipsec auto --rereadgroups
wait_for 10 eroute_is 192.1.2.45/32 192.1.2.0/24 %trap
wait_for 10 eroute_is_not 192.1.2.45/32 192.1.2.23/32
# closer than the network, and of another group
ping_ok 192.1.2.254 2
# and somebody can tell
ipsec why 192.1.2.45 192.1.2.254 | tee /run/modswan/why.txt
assert_match /run/modswan/why.txt '^000 covered by 2, the closest first:'
assert_match /run/modswan/why.txt '"clear#192.1.2.254/32": .*; prospective erouted; from .*/policies/clear:1$'
assert_match /run/modswan/why.txt '^000 "clear#192.1.2.254/32" decides: packets pass in clear$'
assert_match /run/modswan/why.txt '^the eroute: .* -> 192.1.2.254/32:0 +=> %pass'
assert_match /run/modswan/why.txt '^it passes in clear$'
assert_eq "nic" "$(ipsec showpolicy 192.1.2.45 192.1.2.254)" clear
assert_eq "the rest of the net" "$(ipsec showpolicy 192.1.2.45 192.1.2.77)" waiting
must_fail ipsec why 192.1.2.45 nobody
# a written connection is closer, too
ipsec auto --up west-east
ping_ok 192.1.2.23 5
ipsec eroute
assert_ge "packets through the tunnel" "$(eroute_packets 192.1.2.45/32 192.1.2.23/32)" 5
# a service can ask, too: it is handed a socket
ipsec showpolicy --textual 192.1.2.45 192.1.2.23 tcp 0 22 | tee /run/modswan/policy.txt
assert_match /run/modswan/policy.txt '^policy=vpn$'
assert_match /run/modswan/policy.txt '^proof=secret$'
exec 5<>/dev/tcp/192.1.2.23/5001
assert_eq "a socket" "$(ipsec showpolicy <&5)" vpn
assert_eq "another descriptor" "$(ipsec showpolicy --socket 5 --vpntext=tunnel)" tunnel
exec 5>&-
must_fail ipsec showpolicy </dev/null
# lists come and go, the tunnel stays
tunnel=$(ipsec trafficstatus | grep -o '^006 #[0-9]*')
spis() {
	ipsec spi | grep -o '^esp[^ ]*' | sort
}
before=$(spis) packets=$(eroute_packets 192.1.2.45/32 192.1.2.23/32)
assert_ge "SAs" "$(wc -w <<<"$before")" 2
echo "203.0.113.0/24" >>private
ipsec auto --rereadgroups
rm private clear
wait_for 10 eroute_is_not 192.1.2.45/32 192.1.2.0/24
ping_ok 192.1.2.23 2
assert_eq "the tunnel's SAs" "$(spis)" "$before"
assert_ge "packets on its eroute" "$(eroute_packets 192.1.2.45/32 192.1.2.23/32)" $((packets + 2))
assert_eq "the tunnel's state" "$(ipsec trafficstatus | grep -o '^006 #[0-9]*')" "$tunnel"
