# seconds: 60
[ "$host" != east ] || hostname east.example.com
modswan_start
mine=$(ip -4 -o address show dev eth1 | awk '{ sub("/.*", "", $4); print $4 }')
wait_for 20 eroute_is "$mine/32" 0.0.0.0/0 %trap
# the link's own route is closer than the default: its hosts are not in the group
other=192.1.2.23
[ "$host" = west ] || other=192.1.2.45
ip route get 192.1.3.1 | assert_match - 'dev ipsec0'
ip route get $other | assert_match - 'dev eth1'
ipsec why "$mine" $other | assert_match - '^the route: it leaves by eth1'
# as the manual says
cp /run/modswan/link-group $confdir/ipsec.d/policies/private-or-clear
wait_for 20 eroute_is "$mine/32" 192.1.2.0/24 %trap
wait_for 20 sh -c "ip route get $other | grep 'dev ipsec0'"
wait_for 20 eroute_is "$mine/32" 192.1.2.254/32 %pass
