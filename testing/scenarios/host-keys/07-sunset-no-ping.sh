ping_fails 192.0.2.1
