ipsec auto --listcerts
assert_ge "octets in" "$(traffic west-east in)" 500
assert_ge "octets out" "$(traffic west-east out)" 500
