ipsec auto --down west-east
wait_for 10 no_tunnel west-east
