if [ "$client" = modswan ]; then
	modswan_stop
	ip -o address show | assert_no_match - ' 10.9.0.10/32'
else
	strongswan_stop
fi
