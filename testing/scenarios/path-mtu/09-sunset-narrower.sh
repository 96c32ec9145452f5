# seconds: 120
send_bytes $north_client 2
datagram_no_df $north_client $big
