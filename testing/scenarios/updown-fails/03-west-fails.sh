must_fail ipsec auto --up west-east | tee /run/modswan/up.txt
assert_match /run/modswan/verbs "^$verb$"
assert_match "$rundir/pluto.log" "$verb.*(7|the script is broken)"
wait_for 20 no_tunnel west-east
wait_for 20 no_line eroute '=> +(esp|tun)'
ip route | grep -v ipsec0 | diff /run/before - || fail "routes are left"
ip route | assert_no_match - 192.0.2
