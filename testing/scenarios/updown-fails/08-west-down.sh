ipsec auto --down west-east
wait_for 5 assert_match /run/modswan/verbs '^down-client$'
