# RFC 6040 s4.2: a mark on a packet that cannot carry one
ping_fails $east_client
