modswan_start
wait_for 20 conn_loaded hosts
assert_match $rundir/pluto.log '"west-east": phase2=ah: packets are authenticated, not encrypted'
