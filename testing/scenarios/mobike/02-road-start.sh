if [ "$client" = modswan ]; then
	modswan_start
	wait_for 20 conn_loaded road-east
else
	strongswan_start
fi
