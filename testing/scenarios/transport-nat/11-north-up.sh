ipsec auto --up to-east | assert_match - '^004 .*to-east.* established transport mode'
ping_ok 192.1.2.23
send_bytes 192.1.2.23 1
modswan_stop
