wait_for 5 no_tunnel west-east
ipsec eroute | assert_no_match - '=> +(esp|tun)'
grep -i 'west-east\|refus\|192.1.2' "$rundir/pluto.log" | tail -n 20
