if [ "$server" = modswan ]; then
	wait_for 20 no_tunnel roads
	wait_for 20 has_line addresspoolstatus '^000   10.9.0.10 idle @road$'
	wait_for 20 no_line status '"roads"\[[0-9]'
	modswan_stop
else
	wait_for 20 strongswan_no_sa
	strongswan_stop
fi
