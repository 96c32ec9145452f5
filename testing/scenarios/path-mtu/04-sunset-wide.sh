ping_ok $north_client
send_bytes $north_client 2
# what just fits today
ping_sized $big do $north_client | assert_match - ' 3 received'
datagram_df $north_client $big
