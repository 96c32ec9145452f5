send_bytes $north_client 2
