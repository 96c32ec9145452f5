send_bytes 192.1.2.23 2
datagram_no_df 192.1.2.23 600
