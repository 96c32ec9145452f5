ipsec auto --up west-east | assert_match - '^004 .*west-east.* established'
