if [ "$server" = modswan ]; then
	ipsec eroute | assert_match - '192.0.2.0/24.*-> +10.9.0.10/32.*=> +.*@192.1.3.210'
	assert_match /run/modswan/run/pluto.log 'MOBIKE: SAs go between .*192.1.3.210'
else
	swanctl --list-sas | assert_match - '192\.1\.3\.210'
fi
