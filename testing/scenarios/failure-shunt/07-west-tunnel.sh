eroute_is $west_net $east_net tun
ipsec status | assert_match - 'west-east.*; erouted'
