wait_for 5 no_tunnel west-east
