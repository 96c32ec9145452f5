ping_ok $west_client
