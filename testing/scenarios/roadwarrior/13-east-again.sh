# Who had which address is known to a gateway that starts anew, even if it is not the first one.
[ "$client$server" = modswanmodswan ] || exit 0
assert_match $rundir/attr-pool.leases '^10\.9\.0\.10 [0-9]+ @road 10\.9\.0\.10-10\.9\.0\.99$'
sed -i 's/^10\.9\.0\.10 /10.9.0.44 /' $rundir/attr-pool.leases
modswan_start
wait_for 20 conn_loaded roads
