modswan_start
wait_for 20 conn_loaded gateways
