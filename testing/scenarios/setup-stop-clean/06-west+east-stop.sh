modswan_stop
host_snapshot | diff /run/before -
ipsec setup status && fail "setup status should not be 0 after a stop"
must_fail ipsec setup stop
host_snapshot | diff /run/before -
