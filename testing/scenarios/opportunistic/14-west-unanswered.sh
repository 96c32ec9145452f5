# seconds: 60
# nobody answers at all: what the group says, after a time with an end
unanswered() {
	ping -n -c 1 -W 1 192.1.3.93 >/dev/null
	eroute_is 192.1.2.45/32 192.1.3.93/32 %pass
}
wait_for 40 unanswered
ipsec why 192.1.2.45 192.1.3.93 |
	assert_match - '^000 a shunt \(oe-failing, for [0-9]+ s more\) decides: packets pass'
# what is up does not need a name server
ping_ok 192.1.2.23 2
ping_ok 2001:db8:1:2::23 2
