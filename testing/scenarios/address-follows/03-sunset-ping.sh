ping_ok $east_client
