wait_for 4 eroute_is $west_net $east_net %hold
ipsec status | assert_match - 'west-east.*; erouted HOLD'
wait_for 20 eroute_is $west_net $east_net %reject
ipsec status | assert_match - 'west-east.*; fail erouted'
wait_for 20 eroute_is $west_net $east_net %trap
ipsec status | assert_match - 'west-east.*; prospective erouted'
