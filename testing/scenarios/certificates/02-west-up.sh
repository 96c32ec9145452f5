ipsec auto --up west-east | tee /run/modswan/up.txt
assert_match /run/modswan/up.txt '^004 .*west-east.* established'
