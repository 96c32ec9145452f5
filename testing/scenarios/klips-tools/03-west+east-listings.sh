if [ "$host" = west ]; then
	mine=$west_net theirs=$east_net me=$west_address peer=$east_address out=200 in=201
else
	mine=$east_net theirs=$west_net me=$east_address peer=$west_address out=201 in=200
fi
# SAs towards the left end have odd numbers
group() { printf 'tun0x%x@%s esp0x%x@%s ah0x%x@%s' $((0x$1)) $2 $((0x$1 + 2)) $2 $((0x$1 + 4)) $2; }
ipsec eroute
ipsec eroute | assert_match - "^[1-9][0-9]* +$mine:0 +-> +$theirs:0 +=> tun0x$out@$peer:0 \(\) \(\)$"
assert_ge "packets of the eroute" "$(eroute_packets $mine $theirs)" 10
ipsec spigrp | assert_match - "^$(group $out $peer) $"
ipsec spigrp | assert_match - "^$(group $in $me) $"
ipsec spi | assert_match - "^tun0x$in@$me IPIP: dir=in  src=$peer policy=$theirs->$mine "
ipsec spi | assert_match - "^ah0x[0-9a-f]+@$peer AH_HMAC_SHA1: dir=out src=$me .*aklen=160 "
ipsec policy | tee /run/policy
assert_match /run/policy "^out $mine:0 +-> $theirs:0 +=> $(group $out $peer) \([1-9][0-9]* packets\)$"
assert_match /run/policy "^in +$theirs +-> $mine +=> $(group $in $me)$"
assert_eq "stack" "$(ipsec policy --detect-stack)" klips
ipsec klipsdebug --counters | assert_match - '^in_delivered +[1-9][0-9]+ +packets handed to the host$'
# the shunt of manualstart=
ipsec eroute | assert_match - '=> %drop:6$'
