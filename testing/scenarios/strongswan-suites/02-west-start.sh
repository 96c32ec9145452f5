modswan_start
last=${suites##* }
wait_for 10 conn_loaded "$last-six"
