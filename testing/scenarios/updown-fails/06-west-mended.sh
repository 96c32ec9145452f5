rm /run/modswan/broken
ipsec auto --up west-east
assert_match /run/modswan/verbs '^up-client$'
