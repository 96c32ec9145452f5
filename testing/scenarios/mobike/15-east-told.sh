if [ "$server" = modswan ]; then
	wait_for 20 no_tunnel roads
	wait_for 20 no_line status '"roads"\[[0-9]'
	modswan_stop
else
	wait_for 20 strongswan_no_sa
	strongswan_stop
fi
