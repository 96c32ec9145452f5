pid=$(pgrep -x pluto)
"$top/testing/lib/whack-noise" "$rundir/pluto.ctl" 1500 1
"$top/testing/lib/whack-noise" "$rundir/pluto.ctl" 1500 2
assert_eq "pluto" "$(pgrep -x pluto)" "$pid"
