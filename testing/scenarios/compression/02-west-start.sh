modswan_start
wait_for 20 conn_loaded west-east
ipsec status | assert_match - 'west-east.*policy: .*COMPRESS'
