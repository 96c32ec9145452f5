ipsec auto --down more
wait_for 5 no_tunnel more
