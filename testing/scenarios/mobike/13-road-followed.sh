[ "$client$server" = modswanmodswan ] || exit 0
wait_for 30 grep "SAs go between .*2001:db8:1:2::24" /run/modswan/run/pluto.log
wait_for 30 ping -n -c 1 -W 1 $east_client
ping_ok $east_client
ipsec eroute | assert_match - '10.9.0.10/32.*-> +192.0.2.0/24.*=> +.*@2001:db8:1:2::24'
ipsec trafficstatus | sed 's/,.*//' | grep -Ff - /run/before
