modswan_stop
host_snapshot | diff /run/before -
