wait_for 5 grep -qx protected /run/modswan/heard.txt
ping_ok $east_client
