ping_ok 192.1.2.23 3
