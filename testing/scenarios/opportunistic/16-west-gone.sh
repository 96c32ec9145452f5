# seconds: 60
# the name server is gone, and its host says so
unanswered() {
	ping -n -c 1 -W 1 192.1.3.94 >/dev/null
	eroute_is 192.1.2.45/32 192.1.3.94/32 %pass
}
wait_for 40 unanswered
