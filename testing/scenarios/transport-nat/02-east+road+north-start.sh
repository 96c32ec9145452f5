modswan_start
wait_for 5 conn_loaded "$([ $host = east ] && echo roads || echo to-east)"
