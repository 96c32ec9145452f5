wait_for 20 no_tunnel west-east
