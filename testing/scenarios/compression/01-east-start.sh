if [ "$peer" = modswan ]; then
	modswan_start
	wait_for 20 conn_loaded west-east
else
	strongswan_start
fi
