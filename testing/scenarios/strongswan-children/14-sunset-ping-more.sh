ping_fails $east_client
ping_ok 10.22.0.1 3 10.1.0.1
