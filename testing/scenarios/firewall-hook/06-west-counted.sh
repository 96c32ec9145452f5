# packets DIRECTION: what its rule of forward has counted
packets() {
	nft list chain inet guard forward | sed -n "s/.*$1 \"ipsec0\".* packets \([0-9]*\) .*/\1/p"
}
assert_ge "packets out" "$(packets oifname)" 10
assert_ge "packets in" "$(packets iifname)" 10
ipsec auto --up west-east | assert_match - '^004 .*west-east.* established'
only_one() { [ "$(nft list ruleset | grep -c modswan)" = 3 ]; }
wait_for 10 only_one
