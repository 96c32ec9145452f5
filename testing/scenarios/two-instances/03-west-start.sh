instance one modswan_start
instance two modswan_start
assert_eq "plutos" "$(pgrep -xc pluto)" 2
assert_eq "klipses" "$(pgrep -xc klips)" 2
instance one conn_loaded tunnel-one
must_fail instance one conn_loaded tunnel-two
instance two conn_loaded tunnel-two
