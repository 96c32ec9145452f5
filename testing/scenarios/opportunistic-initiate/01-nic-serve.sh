nsd -d -c $world/zones/nsd.conf >$world/zones/nsd.out 2>&1 &
wait_for 20 sh -c 'ss -Hltn | grep 192.1.2.254:53'
