ip addr add 10.2.0.1/24 dev eth0
