if [ "$client" = modswan ]; then
	ipsec auto --verbose --up road-east | tee /run/up
	assert_match /run/up '^004 .*road-east.* established'
	assert_match /run/up 'received INTERNAL_IP4_SUBNET 10\.2\.0\.0/24'
	# RFC 7296 s3.15.2: the network that the first CHILD SA does not have
	wait_for 20 tunnels road-east 2
	ipsec status | tee /run/status
	assert_match /run/status 'road-east.*modecfg subnets: 192\.0\.2\.0/24 10\.2\.0\.0/24; cisco-split:no'
	ip -o address show | assert_match - ' 10.9.0.10/32'
	assert_match /run/modswan/updown.log '^up-.* dns=192.0.2.1'
	for net in 192.0.2.0/24 10.2.0.0/24; do
		assert_match /run/modswan/updown.log "^up-.* client=$net subnets=192.0.2.0/24 10.2.0.0/24$"
	done
else
	swanctl --initiate --child road-east
	swanctl --list-sas | assert_match - '10\.9\.0\.10/32'
fi
[ "$client" != modswan ] || assert_match /etc/resolv.conf '^nameserver 192\.0\.2\.1$'
