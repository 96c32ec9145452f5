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
ipsec whack --shuntstatus | assert_match - '192\.1\.2\.45/32.*192\.1\.3\.254/32.*%pass'
