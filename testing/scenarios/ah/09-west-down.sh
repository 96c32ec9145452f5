assert_ge "octets in" "$(traffic west-east in)" 400
ipsec auto --down west-east
ipsec auto --down hosts
wait_for 5 no_tunnel west-east
ipsec spi | assert_no_match - '^(ah|tun)[0:]'
