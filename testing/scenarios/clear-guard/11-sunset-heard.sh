wait_for 20 grep -qx protected /run/modswan/heard.txt
ping_ok $east_client
