ipsec auto --down west-east
wait_for 20 assert_match /run/modswan/verbs '^down-client$'
