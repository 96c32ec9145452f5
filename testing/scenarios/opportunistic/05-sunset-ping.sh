# seconds: 60
ping_ok 192.1.2.23 5
