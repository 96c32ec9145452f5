# seconds: 90
later_up() {
	ipsec trafficstatus | grep '"later"'
}
wait_for 80 later_up
trap_moved() {
	eroute_is 192.1.2.45/32 192.1.2.97/32 %trap &&
		ip route get 192.1.2.97 | grep 'dev ipsec0' && ! ip route get 192.1.2.98 | grep ipsec0
}
wait_for 30 trap_moved
eroute_is_not 192.1.2.45/32 192.1.2.98/32
modswan_stop
