ping_ok 192.0.3.254
