modswan_start
wait_for 5 conn_loaded gateways
