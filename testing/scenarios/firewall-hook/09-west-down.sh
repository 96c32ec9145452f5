ipsec auto --down west-east
ipsec auto --down gateways
ipsec auto --delete gateways
as_before() {
	nft list ruleset | diff /run/modswan/ruleset.txt - &&
		[ "$(cat /proc/sys/net/ipv4/conf/eth1/rp_filter)" = 1 ]
}
wait_for 10 as_before
ipsec auto --add gateways
ipsec auto --up west-east | assert_match - '^004 .*west-east.* established'
ipsec auto --up gateways | assert_match - '^004 .*gateways.* established'
assert_eq "rp_filter" "$(cat /proc/sys/net/ipv4/conf/eth1/rp_filter)" 2
# nobody is left who would take it back but setup stop
kill -KILL "$(daemon_pid pluto)"
ipsec setup stop || echo "status $?: it was not running"
as_before
