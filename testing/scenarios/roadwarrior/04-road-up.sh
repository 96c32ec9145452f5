if [ "$client" = modswan ]; then
	ipsec auto --up road-east | assert_match - '^004 .*road-east.* established'
	ipsec status | tee /run/status
	ip -o address show | assert_match - ' 10.9.0.10/32'
	assert_match /run/modswan/updown.log '^up-.* dns=192.0.2.1'
else
	swanctl --initiate --child road-east
	swanctl --list-sas | assert_match - '10\.9\.0\.10/32'
fi
[ "$client" != modswan ] || assert_match /etc/resolv.conf '^nameserver 192\.0\.2\.1$'
