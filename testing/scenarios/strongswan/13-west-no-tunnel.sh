wait_for 5 no_tunnel west-east
ipsec eroute | assert_no_match - '=> +(esp|tun)'
