ipsec auto --up west-east
ipsec eroute
assert_eq "klips's process" "$(daemon_pid klips)" "$(cat /run/klips)"
