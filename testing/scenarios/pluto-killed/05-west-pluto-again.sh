pluto_start
wait_for 20 conn_loaded west-east
sleep 1
