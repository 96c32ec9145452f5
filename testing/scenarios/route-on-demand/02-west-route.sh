ipsec auto --route west-east
ipsec eroute | assert_match - "$west_net.*-> +$east_net.*=> +%trap"
ipsec status | assert_match - 'west-east.*; prospective erouted'
