if [ "$server" = modswan ]; then
	ipsec trafficstatus | assert_match - '"roads"\[[0-9]+\] 192.1.3.209'
	ipsec eroute | assert_match - '192.0.2.0/24.*-> +10.9.0.10/32.*=> +[a-z]'
else
	swanctl --list-sas | assert_match - '10\.9\.0\.10/32'
fi
