ipsec eroute
if [ $host = west ]; then
	eroute_is 192.0.1.1/32 192.1.2.23/32 tun
	# japan is forwarded, and nobody said that west speaks for it
	ipsec why 192.0.1.2 192.1.2.23 | tee /run/modswan/why.txt
	assert_match /run/modswan/why.txt '^000 its source is not this host: it is forwarded$'
	assert_match /run/modswan/why.txt '"private-net#192.1.2.23/32" decides: a packet asks the DNS'
	assert_match /run/modswan/why.txt '^000 the DNS: .*2.1.0.192.in-addr.arpa'
else
	eroute_is 192.1.2.23/32 192.0.1.1/32 tun
	# who answered knows as much of who asked
	assert_eq "policy" "$(ipsec showpolicy 192.1.2.23 192.1.2.45)" secure
fi
