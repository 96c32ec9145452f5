ping_fails $east_client
