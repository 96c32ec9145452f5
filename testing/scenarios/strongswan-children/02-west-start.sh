for net in 10.1 10.11 10.3 10.33; do
	ip addr add $net.0.254/24 dev eth0
done
modswan_start
wait_for 20 conn_loaded pairs/2x2
assert_match "$rundir/pluto.log" 'could not load conn "broken": .*/ipsec.conf:[0-9]+: no network at the left'
