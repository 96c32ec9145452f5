ipsec status | assert_match - 'west-east.*; erouted'
ipsec auto --down west-east
wait_for 20 has_line eroute "$west_net.*-> +$east_net.*=> +%trap"
ipsec auto --unroute west-east
ipsec eroute | assert_no_match - "$east_net"
