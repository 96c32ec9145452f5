serve_bytes 192.1.2.23
datagrams_serve 192.1.2.23
ipsec eroute | assert_match - '192.1.2.23/32.*-> +192.1.2.254/32.*=> +esp0x'
