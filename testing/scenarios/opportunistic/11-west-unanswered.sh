# seconds: 60
# the name server is gone: what the group says
unanswered() {
	ping -n -c 1 -W 1 192.1.3.94 >/dev/null
	eroute_is 192.1.2.45/32 192.1.3.94/32 %pass
}
wait_for 40 unanswered
ipsec why 192.1.2.45 192.1.3.94 |
	assert_match - '^000 a shunt \(oe-failing, for [0-9]+ s more\) decides: packets pass'
