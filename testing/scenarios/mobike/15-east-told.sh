if [ "$server" = modswan ]; then
	wait_for 5 no_tunnel roads
	ipsec status | assert_no_match - '"roads"\[[0-9]'
	modswan_stop
else
	wait_for 5 strongswan_no_sa
	strongswan_stop
fi
