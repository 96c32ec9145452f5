ping -n -c 5 -i 0.1 -Q 0xba $east_client
