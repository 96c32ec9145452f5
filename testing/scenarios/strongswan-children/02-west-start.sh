ip addr add 10.1.0.254/24 dev eth0
ip addr add 10.11.0.254/24 dev eth0
modswan_start
wait_for 5 conn_loaded more
