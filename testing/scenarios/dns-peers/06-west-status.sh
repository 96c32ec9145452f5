# seconds: 60
says() {
	ipsec status >/run/modswan/status.txt
	grep -E "$1" /run/modswan/status.txt
}
wait_for 30 says '"west-east": +alias.example.com is (192.1.2.(99|23) ?){2} \(secure\)'
wait_for 30 says '"west-east": .*192.1.2.23<alias.example.com>.*; erouted'
wait_for 30 says '"missing": +missing.example.com does not resolve: .*knows no name'
wait_for 30 says '"bogus": +bogus.example.com does not resolve: .*bogus'
wait_for 30 says '"endless": +c0.example.com does not resolve: .*RCODE'
wait_for 30 says '"refused": +www.elsewhere.example does not resolve: .*RCODE'
trap_moves() {
	eroute_is 192.1.2.45/32 192.1.2.98/32 %trap
}
wait_for 30 trap_moves
assert_match /run/modswan/status.txt '"later": .*unoriented'
must_fail ipsec auto --up bogus | tee /run/modswan/bogus.txt
assert_match /run/modswan/bogus.txt 'bogus.example.com'
must_fail ipsec auto --route missing
ipsec auto --replace missing
wait_for 30 says '"missing": +missing.example.com does not resolve: .*knows no name'
