ping_ok $east_address 5
assert_ge "packets of the eroute" "$(eroute_packets $west_address/32 $east_address/32)" 5
ipsec manual by-hand up 2>&1 | assert_match - 'is the old form of "--up by-hand"'
