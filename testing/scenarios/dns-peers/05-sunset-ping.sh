ping_ok 192.0.2.1
