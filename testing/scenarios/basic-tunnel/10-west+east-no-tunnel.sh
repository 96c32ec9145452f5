wait_for 20 no_tunnel west-east
wait_for 20 no_line eroute '=> +(esp|tun)'
