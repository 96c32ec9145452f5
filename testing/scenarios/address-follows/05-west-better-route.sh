ip address add $other/$bits dev eth1 $dad
ip $version route add default via $gateway src $other metric 50
moved() {
	ipsec spi | grep -E "^tun.*@$east_address .*src=$other" && ipsec trafficstatus | grep '"west-east"'
}
wait_for 20 moved
gone() { ! ipsec spi | grep -E "^(tun|esp).*@$west_address IPIP"; }
wait_for 20 gone
assert_match $rundir/pluto.log "\"west-east\": our end is $other now, it was $west_address"
# the other connection has not moved, though it has lost the IKE SA that they shared
answered() { ping -n -c 1 -W 1 $east_address; }
wait_for 10 answered
eroute_is $west_address/$host_bits $east_address/$host_bits esp
