ping_ok 192.0.1.254
ping_ok 2001:db8:0:1::254
ping_fails 192.0.2.1
ping_fails 2001:db8:0:2::1
