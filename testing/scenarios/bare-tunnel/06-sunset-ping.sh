# too short to be compressed, then not
ping -n -i 0.2 -W 1 -c 3 -s 40 $east_client | assert_match - ' 3 received'
ping_sized 1200 dont $east_client | assert_match - ' 3 received'
