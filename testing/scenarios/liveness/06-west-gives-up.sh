wait_for 15 no_tunnel west-east
wait_for 20 no_line eroute '=> +(esp|tun)'
ipsec status
