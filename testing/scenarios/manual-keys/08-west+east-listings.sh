[ "$host" = west ] && mine=$west_net theirs=$east_net || mine=$east_net theirs=$west_net
[ "$host" = west ] && peer=$east_address spi=1002 own=$west_address back=1001 ||
	{ peer=$west_address spi=1001 own=$east_address back=1002; }
x=$in_listing
ipsec eroute
assert_ge "packets of the eroute" "$(eroute_packets $mine $theirs)" 20
ipsec eroute | assert_match - "^[0-9]+ +$mine(:0)? +-> +$theirs(:0)? +=> +tun$x$spi@$peer"
ipsec spi
ipsec spi | assert_match - "^tun$x$spi@$peer IPIP: dir=out src=$own"
ipsec spi | assert_match - "^esp$x${spi}f@$peer ESP_$alg_name: dir=out src=$own .*ooowin=64"
window="ooowin=64 seq=[0-9]+ bit=0x[0-9a-f]+"
ipsec spi | assert_match - "^esp$x${back}f@$own ESP_$alg_name: dir=in +src=$peer .*$window "
ipsec spi | assert_match - "^tun$x$back@$own IPIP: dir=in +src=$peer policy=$theirs->$mine"
ipsec spi | assert_match - "^esp$x${spi}f@$peer .* life\(c,s,h\)=.*bytes\([0-9]+,0,[0-9]+\)"
ipsec spigrp
ipsec spigrp | assert_match - "^tun$x$spi@$peer esp$x${spi}f@$peer *$"
ipsec spigrp | assert_match - "^tun$x$back@$own esp$x${back}f@$own *$"
ipsec tncfg | assert_match - '^ipsec0 -> eth1 mtu=1[0-9]+\(1[0-9]+\) -> 1500$'
ipsec klipsdebug --counters | assert_match - '^out_sent +[1-9][0-9]+ '
