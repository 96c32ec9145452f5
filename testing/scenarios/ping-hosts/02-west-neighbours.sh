ping_ok 192.0.1.1
ping_ok 192.1.2.23
ping_ok 192.1.3.209
ping_ok 192.1.3.33
ping_ok 2001:db8:1:2::23
ping_ok 2001:db8:1:3::209
