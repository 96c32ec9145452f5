[ $df != clear ] || exit 0
ipsec spi | assert_match - "^esp.*@$north_address .*path_mtu=$narrower"
# a new SA of the same path has it from the start
ipsec auto --down west-north
wait_for 20 no_tunnel west-north
ipsec auto --up west-north | assert_match - '^004 .*west-north.* established'
ipsec spi | assert_match - "^esp.*@$north_address .*path_mtu=$narrower"
