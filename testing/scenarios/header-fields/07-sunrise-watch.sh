tcpdump -n -i eth0 -c 5 -U -w /run/modswan/seen.pcap "src host $west_client" >/run/modswan/seen.log 2>&1 </dev/null &
wait_for 20 grep -q 'listening on' /run/modswan/seen.log
