wait_for 20 no_tunnel west-east
wait_for 20 no_line eroute '=> +(esp|tun)'
grep -i 'west-east\|refus\|192.1.2' "$rundir/pluto.log" | tail -n 20
