# room comes back when the system gives up what was never finished
whole() { ping_sized 1420 do $east_client | grep ' 3 received'; }
ping_ok $east_client
wait_for 20 whole
