kill -CONT $(cat /run/modswan/nsd.pids)
kill "$(cat $world/zones/nsd.pid)"
wait_for 10 sh -c '! ss -Hltn | grep 192.1.2.254:53'
