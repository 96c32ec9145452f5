[ "$client$server" = modswanmodswan ] || exit 0
wait_for 20 no_tunnel roads
wait_for 20 has_line addresspoolstatus '^000   10.9.0.44 idle @road$'
modswan_stop
