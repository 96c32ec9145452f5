modswan_start
wait_for 20 conn_loaded "$([ $host = east ] && echo roads || echo to-east)"
