if [ "$server" = modswan ]; then
	modswan_start
	wait_for 5 conn_loaded roads
else
	strongswan_start
fi
