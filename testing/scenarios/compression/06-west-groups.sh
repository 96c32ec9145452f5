ipsec spigrp
ipsec spi
if [ "$peer" = modswan ]; then
	assert_eq "groups" "$(ipsec spigrp | grep -cE '^tun0x[0-9a-f]+@.* comp0x[0-9a-f]+@.* esp0x[0-9a-f]+@')" 2
	ipsec spi | awk '/ratio=/ { sub(/.*ratio=/, ""); split($1, n, ":"); if (n[1] > 10 * n[2]) good++ }
		END { exit good != 2 }' || fail "packets did not get shorter"
else
	ipsec spigrp | assert_no_match - comp
	grep -i ipcomp /run/modswan/run/pluto.log || true
fi
