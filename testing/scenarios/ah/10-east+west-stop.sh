wait_for 20 no_tunnel west-east
wait_for 20 no_tunnel hosts
wait_for 20 no_line spi '^(ah|tun)[0:]'
modswan_stop
