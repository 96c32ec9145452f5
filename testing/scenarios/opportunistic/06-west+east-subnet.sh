ipsec eroute
if [ $host = west ]; then
	eroute_is 192.0.1.1/32 192.1.2.23/32 tun
else
	eroute_is 192.1.2.23/32 192.0.1.1/32 tun
fi
