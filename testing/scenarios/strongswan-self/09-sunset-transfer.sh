send_bytes 192.0.2.1 20
