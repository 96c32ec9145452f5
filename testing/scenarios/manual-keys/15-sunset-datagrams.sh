# later fragments have no ports: they follow the first
ping_fails $east_client
datagram_no_df $east_client 1000
datagram_no_df $east_client 4000
datagram_no_df $east_client 30000
