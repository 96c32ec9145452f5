modswan_start
serve_bytes 192.1.2.23
ipsec eroute | assert_no_match - '%'
