pid=$(daemon_pid pluto)
kill -KILL "$pid"
wait_for 20 gone "$pid"
sleep 1
assert_eq "klips's process" "$(daemon_pid klips)" "$(cat /run/klips)"
daemon_runs klips
# the eroute counts on, hence without the count
ipsec eroute
diff <(sed 's/^[0-9]* *//' /run/eroutes) <(ipsec eroute | sed 's/^[0-9]* *//')
ipsec setup status && fail "setup status should not be 0 without pluto"
return 0
