if [ "$client" = modswan ]; then
	modswan_stop
	ip -o address show | assert_no_match - ' 10.9.0.10/32'
	assert_no_match /etc/resolv.conf '^nameserver 192\.0\.2\.1$|modswan'
else
	strongswan_stop
fi
