wait_for 5 no_tunnel west-east
ipsec spi | assert_no_match - '^(comp|tun|esp)'
modswan_stop
