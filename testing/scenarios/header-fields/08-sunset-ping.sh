ping -n -c 8 -i 0.1 -Q 0xba $east_client
