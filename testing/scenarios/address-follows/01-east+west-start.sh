if [ $host = west ]; then
	ip $version route del default
	sysctl -qw net.ipv4.conf.eth1.promote_secondaries=1
fi
modswan_start
wait_for 20 conn_loaded hosts
