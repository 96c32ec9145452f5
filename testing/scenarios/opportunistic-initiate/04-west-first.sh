# seconds: 60
# nobody says who speaks for east: in clear, until east wants to answer
tunnelled() {
	ping -n -c 1 -W 1 192.1.2.23 >/dev/null
	eroute_is 192.1.2.45/32 192.1.2.23/32 tun
}
wait_for 40 tunnelled
assert_no_match $rundir/pluto.log 'gateway of 192.1.2.23 is'
