[ "$client$server" = modswanmodswan ] || exit 0
modswan_start
wait_for 20 conn_loaded road-east
ipsec auto --up road-east | assert_match - '^004 .*road-east.* established'
ip -o address show | assert_match - ' 10.9.0.44/32'
ping_ok $east_client
# A gateway to everything that names two networks: the rest is ours to send past it.
ipsec auto --down road-east
wait_for 20 no_tunnel road-east
ipsec auto --up road-split | assert_match - '^004 .*road-split.* established'
wait_for 20 tunnels road-split 1
ip route show dev ipsec0 | tee /run/routes
assert_match /run/routes '^192\.0\.2\.0/24 '
assert_match /run/routes '^10\.2\.0\.0/24 '
assert_no_match /run/routes '^(default|0\.0\.0\.0|128\.0\.0\.0)'
ipsec eroute | assert_no_match - '-> +0\.0\.0\.0/0'
ping_ok $east_client
ping_ok 10.2.0.1
modswan_stop
