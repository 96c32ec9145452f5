ping_ok $west_client
ping_ok 10.11.0.1 3 10.22.0.1
