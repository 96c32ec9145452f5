ping_ok 192.0.1.1
