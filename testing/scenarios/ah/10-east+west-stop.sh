wait_for 5 no_tunnel west-east
wait_for 5 no_tunnel hosts
ipsec spi | assert_no_match - '^(ah|tun)[0:]'
modswan_stop
