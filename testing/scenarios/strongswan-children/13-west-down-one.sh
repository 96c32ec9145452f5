ipsec auto --down west-east
wait_for 5 no_tunnel west-east
ipsec trafficstatus | assert_match - '"more"'
