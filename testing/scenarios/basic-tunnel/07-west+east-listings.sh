# 20 pings of 84 octets (IPv4) or 104 (IPv6), requests or answers, in each direction
least=1680
ipsec status
ipsec eroute
ipsec trafficstatus
[ $host = west ] && mine=$west_net theirs=$east_net || mine=$east_net theirs=$west_net
ipsec status | assert_match - 'west-east.*; erouted'
ipsec status | assert_match - "west-east.*ESP algorithm newest: $esp_name$"
ipsec eroute | assert_match - "^[0-9]+ +$mine(:0)? +-> +$theirs(:0)? +=> +[a-z]+0?x?[.:0-9a-f]+@"
assert_ge "octets in" "$(traffic west-east in)" $least
assert_ge "octets out" "$(traffic west-east out)" $least
assert_ge "packets of the eroute" "$(eroute_packets $mine $theirs)" 20
