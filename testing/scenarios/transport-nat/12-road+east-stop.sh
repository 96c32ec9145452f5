[ $host = road ] || wait_for 20 no_tunnel roads
modswan_stop
