# charon wants an address of its own in every network that it protects
ip addr add 10.2.0.254/24 dev eth0
ip addr add 10.22.0.254/24 dev eth0
strongswan_start
