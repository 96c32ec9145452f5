assert_ge "octets in" "$(traffic west-east in)" 400
ipsec auto --down west-east
ipsec auto --down hosts
wait_for 20 no_tunnel west-east
wait_for 20 no_line spi '^(ah|tun)[0:]'
