ping_ok 10.9.0.10
