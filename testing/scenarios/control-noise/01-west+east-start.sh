host_snapshot >/run/before
modswan_start
wait_for 5 conn_loaded west-east
