if [ "$client" = modswan ]; then
	modswan_start
	wait_for 5 conn_loaded road-east
else
	strongswan_start
fi
