[ "$client$server" = modswanmodswan ] || exit 0
modswan_start
wait_for 5 conn_loaded road-east
ipsec auto --up road-east | assert_match - '^004 .*road-east.* established'
ip -o address show | assert_match - ' 10.9.0.44/32'
ping_ok $east_client
modswan_stop
