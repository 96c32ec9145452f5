ping_ok $west_client
serve_bytes $east_client
