ipsec spi
ipsec klipsdebug --counters | grep -E 'pmtu|too_big|out_cut|icmp'
learned=$(ipsec klipsdebug --counters | awk '$1 == "pmtu_learned" { print $2 }')
if [ $df = clear ]; then
	assert_eq "what was learned" "$learned" 0
	exit 0
fi
assert_ge "what was learned" "$learned" 1
ipsec spi | assert_match - "^esp.*@$north_address .*path_mtu=$narrow"
# the device is not the path
ip link show ipsec0 | assert_no_match - "mtu 1[12]"
