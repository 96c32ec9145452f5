[ $host = road ] || wait_for 5 no_tunnel roads
modswan_stop
