ping_ok $east_address 3
