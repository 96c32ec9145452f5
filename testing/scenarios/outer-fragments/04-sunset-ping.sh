ping_sized 1420 do $east_client | assert_match - ' 3 received'
# the first may only say how long fragments of the content may be
whole() { ping_sized 5000 dont $east_client | grep ' 3 received'; }
wait_for 10 whole
