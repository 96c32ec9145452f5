ip addr add 10.2.0.1/24 dev eth0
ip addr add 10.22.0.1/24 dev eth0
