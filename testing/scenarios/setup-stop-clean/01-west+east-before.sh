host_snapshot >/run/before
ipsec setup status && fail "setup status should not be 0 when nothing runs"
return 0
