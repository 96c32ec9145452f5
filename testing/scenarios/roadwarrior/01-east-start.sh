if [ "$server" = modswan ]; then
	modswan_start
	wait_for 20 conn_loaded roads
else
	strongswan_start
fi
