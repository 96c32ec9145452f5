if [ "$server" = modswan ]; then
	wait_for 5 no_tunnel roads
	ipsec addresspoolstatus | assert_match - '^000   10.9.0.10 idle @road$'
	ipsec status | assert_no_match - '"roads"\[[0-9]'
	modswan_stop
else
	wait_for 5 strongswan_no_sa
	strongswan_stop
fi
