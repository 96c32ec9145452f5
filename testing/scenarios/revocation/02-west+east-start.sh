modswan_start
wait_for 10 conn_loaded west-east
wait_for 10 conn_loaded others
