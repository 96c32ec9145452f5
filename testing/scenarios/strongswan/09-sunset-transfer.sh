# seconds: 120
send_bytes $east_client 100
