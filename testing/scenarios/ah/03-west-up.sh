ipsec auto --up west-east |
	assert_match - '^004 .*west-east.* tunnel mode \{AH=>0x[0-9a-f]{8} <0x[0-9a-f]{8} xfrm=HMAC_SHA2_256_128'
ipsec auto --up hosts | assert_match - '^004 .*hosts.* transport mode \{AH=>0x'
ipsec status | assert_match - 'west-east.*policy: .*AUTHENTICATE'
ipsec status | assert_match - 'west-east.*AH algorithm newest: HMAC_SHA2_256_128'
ipsec spi | assert_match - '^ah[0:].*AH_HMAC_SHA2_256_128'
ipsec spi | assert_no_match - '^esp'
