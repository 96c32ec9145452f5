# seconds: 60
[ "$host" != east ] || hostname east.example.com
modswan_start
mine=$(ip -4 -o address show dev eth1 | awk '{ sub("/.*", "", $4); print $4 }')
wait_for 20 eroute_is "$mine/32" 192.1.2.0/24 %trap
wait_for 20 eroute_is "$mine/32" 192.1.2.254/32 %pass
