# too short to be compressed, then not
ping_counted 3 10 -i 0.2 -s 40 $east_client | assert_match - ' 3 received'
ping_sized 1200 dont $east_client | assert_match - ' 3 received'
