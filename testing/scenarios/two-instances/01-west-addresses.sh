ip address add 192.1.2.46/24 dev eth1
ip address add 192.0.4.1/32 dev lo
mkdir -p "$rundir/one" "$rundir/two" # their logs are there and stay
host_snapshot >/run/before
