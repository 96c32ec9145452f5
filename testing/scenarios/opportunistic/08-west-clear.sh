# seconds: 90
# nic has no key: in the clear by its group, and by a shunt where nothing is published (its other address)
ping_ok 192.1.2.254 2
shunted() {
	ping -n -c 1 -W 1 192.1.3.254 >/dev/null && eroute_is 192.1.2.45/32 192.1.3.254/32 %pass
}
wait_for 60 shunted
ipsec why 192.1.2.45 192.1.3.254 | tee /run/modswan/why.txt
assert_match /run/modswan/why.txt '^000 a shunt \(oe-failing, for [0-9]+ s more\) decides: packets pass in clear$'
assert_match /run/modswan/why.txt '^000 the DNS: .*254.3.1.192.in-addr.arpa'
assert_match /run/modswan/why.txt '^the eroute: .*192.1.3.254/32:0 +=> %pass'
assert_eq "nic" "$(ipsec showpolicy 192.1.2.45 192.1.2.254)" clear
assert_eq "nic's other address" "$(ipsec showpolicy --plaintext=naked 192.1.2.45 192.1.3.254)" naked
# bogus records are denied, whatever the group says
denied() {
	ping -n -c 1 -W 1 192.1.3.96 >/dev/null
	eroute_is 192.1.2.45/32 192.1.3.96/32 %drop
}
wait_for 40 denied
assert_match $rundir/pluto.log 'initiate for 192.1.2.45 to 192.1.3.96: .*bogus'
# what is published, by the servers and the trust anchors that pluto has
ipsec verify --host west.example.com | tee /run/modswan/verify.txt
assert_match /run/modswan/verify.txt '^Looking for TXT in forward map: west.example.com +\[OK\]$'
assert_match /run/modswan/verify.txt '^Looking for TXT in reverse map: 45.2.1.192.in-addr.arpa +\[OK\]$'
assert_no_match /run/modswan/verify.txt 'signed'
ipsec verify --ip 192.0.1.1 | tee /run/modswan/verify.txt
assert_match /run/modswan/verify.txt '^Looking for TXT in reverse map: 1.1.0.192.in-addr.arpa +\[OK\]$'
assert_match /run/modswan/verify.txt '^Looking for TXT in reverse map: 45.2.1.192.in-addr.arpa +\[OK\]$'
ipsec verify --host bare.example.com | tee /run/modswan/verify.txt
assert_match /run/modswan/verify.txt 'in reverse map: 99.2.1.192.in-addr.arpa +\[FAILED\]$'
assert_match /run/modswan/verify.txt '^  there is none: publish what `ipsec showhostkey'
# a group's line that is a name: all its addresses
echo "two.example.com tcp 0 25" >>$confdir/ipsec.d/policies/clear
wait_for 20 eroute_is 192.1.2.45/32 192.1.2.98/32:25 %pass
wait_for 20 eroute_is 192.1.2.45/32 192.1.2.97/32:25 %pass
ipsec whack --shuntstatus | assert_match - '192\.1\.2\.45/32.*192\.1\.3\.254/32.*%pass'
