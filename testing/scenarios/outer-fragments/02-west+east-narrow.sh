# the path is narrower than the device says: what is too long for it is cut outside
[ "$host" = west ] && peer=$east_address || peer=$west_address
ip route add $peer dev eth1 mtu lock 1280
# what is never finished is given up soon
echo 2 >/proc/sys/net/ipv4/ipfrag_time
echo 2 >/proc/sys/net/ipv6/ip6frag_time
awk '/VmRSS/ { print $2 }' "/proc/$(daemon_pid klips)/status" >/run/rss
