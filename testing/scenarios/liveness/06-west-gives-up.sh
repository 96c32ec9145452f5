wait_for 15 no_tunnel west-east
ipsec eroute | assert_no_match - '=> +(esp|tun)'
ipsec status
