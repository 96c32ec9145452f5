for toward in west east; do
	[ $toward = east ] && from=west spi=0x2002 tun=1002 || from=east spi=0x2001 tun=1001
	from=${from}_address to=${toward}_address
	ipsec spi --comp deflate --af inet --edst ${!to} --spi $spi --proto comp --src ${!from} --bare yes
	ipsec spigrp --said tun.$tun@${!to} comp.${spi#0x}@${!to}
done
ipsec spigrp | assert_match - "^tun0x1002@$east_address comp0x2002@$east_address "
