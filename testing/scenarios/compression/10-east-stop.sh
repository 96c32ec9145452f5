if [ "$peer" = modswan ]; then
	wait_for 20 no_tunnel west-east
	wait_for 20 no_line spi '^(comp|tun|esp)'
	modswan_stop
else
	wait_for 20 strongswan_no_sa
	strongswan_stop
fi
