# seconds: 60
wait_for 20 ping -n -c 1 -W 2 192.1.2.23
ping_ok 192.1.2.23 5
