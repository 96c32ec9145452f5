ping_ok 192.1.2.23
send_bytes 192.1.2.23 1
ipsec auto --down to-east
wait_for 20 no_tunnel to-east
