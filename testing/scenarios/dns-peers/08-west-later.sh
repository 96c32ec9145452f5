# seconds: 90
later_up() {
	ipsec trafficstatus | grep '"later"'
}
wait_for 80 later_up
modswan_stop
