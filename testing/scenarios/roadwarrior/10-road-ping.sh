ping_ok $east_client
[ "$client" != modswan ] || ping_ok 10.2.0.1
