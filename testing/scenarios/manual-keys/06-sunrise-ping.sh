ping_ok $west_client 10
