ping -n -c 1 -W 1 $east_client >/dev/null 2>&1 &
