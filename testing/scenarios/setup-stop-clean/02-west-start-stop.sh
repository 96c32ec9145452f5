modswan_start
host_snapshot >/run/running
cmp -s /run/before /run/running && fail "the snapshot does not see a running instance"
modswan_stop
host_snapshot | diff /run/before -
