assert_eq "IKE SAs" "$(ipsec status | grep -c 'newest ISAKMP;')" 1
ipsec trafficstatus | assert_match - '"more"'
ipsec eroute | assert_match - '10.11.0.0/24.*10.22.0.0/24.*=> +[a-z]'
