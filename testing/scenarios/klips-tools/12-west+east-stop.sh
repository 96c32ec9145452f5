modswan_stop
host_snapshot | grep -vxE '\[step\]( <defunct>)?' | diff /run/before -
