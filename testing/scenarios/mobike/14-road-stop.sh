if [ "$client" = modswan ]; then
	modswan_stop
else
	strongswan_stop
fi
