ip addr add 10.1.0.1/24 dev eth0
