ping_ok $west_client
ping_ok 10.11.0.1 3 10.22.0.1
ping_ok 10.33.0.1 3 10.4.0.1
