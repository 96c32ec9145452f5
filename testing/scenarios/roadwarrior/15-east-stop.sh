[ "$client$server" = modswanmodswan ] || exit 0
wait_for 5 no_tunnel roads
ipsec addresspoolstatus | assert_match - '^000   10.9.0.44 idle @road$'
modswan_stop
