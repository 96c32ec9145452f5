wait_for 10 no_tunnel west-east
ipsec auto --up west-east | assert_match - '^004 .*west-east.* established'
ipsec auto --down west-east
wait_for 10 no_tunnel west-east
