ping_ok 192.0.1.1
serve_bytes 192.0.2.1
