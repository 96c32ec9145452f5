pings() { ping -n -c 1 -W 1 $east_client >/dev/null; }
wait_for 20 pings
ping_ok $east_client
