ipsec auto --up west-north | assert_match - '^004 .*west-north.* established'
