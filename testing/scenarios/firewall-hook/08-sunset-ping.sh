ping_ok $east_client 5
