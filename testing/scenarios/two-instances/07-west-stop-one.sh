instance one modswan_stop
ping_ok 192.0.2.254 5 192.0.4.1
must_fail ip link show ipsec0
