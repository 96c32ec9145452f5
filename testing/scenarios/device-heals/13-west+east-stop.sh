modswan_stop
must_fail ip link show ipsec0
