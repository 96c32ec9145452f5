ipsec auto --down more
wait_for 20 no_tunnel more
