moved() {
	if [ "$client" = modswan ]; then
		grep 'MOBIKE: SAs go between .*192.1.3.210' /run/modswan/run/pluto.log
	else
		swanctl --list-sas | grep '192\.1\.3\.210'
	fi
}

# charon's libipsec cannot take its SAs along to IPv6
[ "$client$server" = modswanmodswan ] || ip -6 addr flush dev eth0 scope global
# how long is nothing answered?
ping -n -i 0.02 -c 500 -W 2 $east_client >/run/pings 2>&1 &
pings=$!
wait_for 20 grep -q 'icmp_seq=5 ' /run/pings
ip addr del 192.1.3.209/24 dev eth0
ip addr add 192.1.3.210/24 dev eth0
ip route replace default via 192.1.3.254
wait_for 30 moved
if [ "$client$server" = modswanmodswan ]; then
	wait $pings || true
	tail -3 /run/pings
	lost=$(awk '/packets transmitted/ { print $1 - $4 }' /run/pings)
	echo "$((lost * 20)) ms without an answer"
	# it is 60 to 80 ms on a machine with nothing else to do
	[ "$lost" -le 100 ] || fail "more than 2 s without an answer"
else
	kill $pings
fi
# and the gateway, when it knows that we are there
sleep 1
wait_for 30 ping -n -c 1 -W 1 $east_client
ping_ok $east_client
