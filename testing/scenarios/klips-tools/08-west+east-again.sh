ipsec manual --down by-hand || true # west's went with its failure
ipsec manual --unroute by-hand
ipsec eroute | assert_no_match - '=> +(esp|tun)'
assert_eq "groups" "$(ipsec spigrp)" ""
ipsec manual --up --union ends keys hosts
ipsec eroute | assert_match - '=> esp0x400@.*:0 \(\) \(\)$'
