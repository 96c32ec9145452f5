moved() {
	if [ "$client" = modswan ]; then
		grep 'MOBIKE: SAs go between .*192.1.3.210' /run/modswan/run/pluto.log
	else
		swanctl --list-sas | grep '192\.1\.3\.210'
	fi
}

# charon's libipsec cannot take its SAs along to IPv6
[ "$client$server" = modswanmodswan ] || ip -6 addr flush dev eth0 scope global
ip addr del 192.1.3.209/24 dev eth0
ip addr add 192.1.3.210/24 dev eth0
ip route replace default via 192.1.3.254
wait_for 30 moved
# and the gateway, when it knows that we are there
sleep 1
wait_for 30 ping -n -c 1 -W 1 $east_client
ping_ok $east_client
