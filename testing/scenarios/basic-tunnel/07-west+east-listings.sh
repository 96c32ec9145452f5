# 20 pings of 84 octets (IPv4) or 104 (IPv6), requests or answers, in each direction
least=1680
ipsec status
ipsec eroute
ipsec trafficstatus
[ $host = west ] && mine=$west_net theirs=$east_net || mine=$east_net theirs=$west_net
ipsec status | assert_match - 'west-east.*; erouted'
ipsec status | assert_match - "west-east.*ESP algorithm newest: $esp_name; pfsgroup="
ipsec eroute | assert_match - "^[0-9]+ +$mine(:0)? +-> +$theirs(:0)? +=> +[a-z]+0?x?[.:0-9a-f]+@"
assert_ge "octets in" "$(traffic west-east in)" $least
assert_ge "octets out" "$(traffic west-east out)" $least
assert_ge "packets of the eroute" "$(eroute_packets $mine $theirs)" 20
ipsec status | assert_match - 'west-east.*IKE algorithms wanted: [A-Z0-9_]+\([0-9]+\)_[0-9]{3}'
ipsec status | assert_match - 'west-east.*IKE algorithms found:  [A-Z0-9_]+\([0-9]+\)_[0-9]{3}'
ipsec status | assert_match - 'west-east.*IKE algorithm newest: '
ipsec status | assert_match - 'west-east.*ESP algorithms wanted: .*; pfsgroup='
ipsec status | assert_match - 'west-east.*ESP algorithms loaded: '
if [ $host = west ] && [ -n "$west_crypto" ]; then
	# the first of several is the one that is used
	ipsec whack --listalgs | awk '/name=MODP2048,/ && !seen++' | assert_match - "from ${west_crypto#crypto-}$"
fi
