if [ "$server" = modswan ]; then
	ipsec trafficstatus | assert_match - '"roads"\[[0-9]+\] 192.1.3.209'
	ipsec trafficstatus | assert_match - "id='@road', lease=10.9.0.10$"
	ipsec addresspoolstatus | tee /run/pools
	assert_match /run/pools '^000 10.9.0.10-10.9.0.99$'
	assert_match /run/pools '^000   10.9.0.10 in use @road$'
	[ "$client" != modswan ] || ipsec eroute | assert_match - '10.2.0.0/24.*-> +10.9.0.10/32.*=> +[a-z]'
	# charon has nothing that would use them
	[ "$client" = modswan ] || assert_match "$world/road/charon.log" 'INTERNAL_IP4_SUBNET'
	ipsec eroute | assert_match - '192.0.2.0/24.*-> +10.9.0.10/32.*=> +[a-z]'
else
	swanctl --list-sas | assert_match - '10\.9\.0\.10/32'
fi
