assert_eq "IKE SAs" "$(ipsec status | grep -c 'newest ISAKMP;')" 1
ipsec trafficstatus | assert_match - '"more"'
ipsec eroute | assert_match - '10.11.0.0/24.*10.22.0.0/24.*=> +[a-z]'
ipsec trafficstatus many >/run/traffic
assert_eq "tunnels of pairs" "$(wc -l </run/traffic)" 4
for pair in 1x1 1x2 2x1 2x2; do
	assert_match /run/traffic "\"pairs/$pair\".*inBytes=[1-9].*outBytes=[1-9]"
done
ipsec status >/run/status
assert_eq "aliases" "$(grep -c '"pairs/[12]x[12]":   aliases: pairs many' /run/status)" 4
assert_match /run/status '"pairs/2x1": 10.33.0.0/24===.*===10.4.0.0/24; erouted'
ipsec why 10.33.0.1 10.4.0.1 | assert_match - '^000 "pairs/2x1" decides'
