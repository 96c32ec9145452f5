send_bytes $west_client 2
