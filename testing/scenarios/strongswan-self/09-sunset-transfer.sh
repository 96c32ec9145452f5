send_bytes $east_client 20
