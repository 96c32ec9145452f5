modswan_start
ipsec eroute | assert_no_match - '%'
