pid=$(daemon_pid pluto)
kill -KILL "$pid"
wait_for 20 gone "$pid"
pluto_start
wait_for 20 conn_loaded gateways
ipsec auto --up west-east | assert_match - '^004 .*west-east.* established'
ipsec auto --up gateways | assert_match - '^004 .*gateways.* established'
assert_eq "rules" "$(nft list ruleset | grep -c modswan)" 3
assert_eq "rp_filter" "$(cat /proc/sys/net/ipv4/conf/eth1/rp_filter)" 2
