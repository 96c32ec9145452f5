ping -n -i 0.1 -W 2 -p $marker $east_client >/run/modswan/ping.txt 2>&1 &
echo $! >/run/ping.pid
wait_for 20 grep -q 'icmp_seq=5 ' /run/modswan/ping.txt
