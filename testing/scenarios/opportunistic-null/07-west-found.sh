# seconds: 40
# west knows nothing of that; its first packets tell east that somebody believes in the old tunnel
wait_for 20 ping -n -c 1 -W 1 192.1.2.23
ping_ok 192.1.2.23 3
