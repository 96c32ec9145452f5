later=start
zones=$world/zones
. "$top/testing/lib/zones.sh"

# The zone with further lines, signed; then one of its addresses is changed.
make_zone() {
	zone_begin example.com
	for line in 'ns IN A 192.1.2.254' 'two IN A 192.1.2.99' 'two IN A 192.1.2.23' \
		'alias IN CNAME two' 'bogus IN A 192.1.2.23' 'c25 IN A 192.1.2.23' "$@"; do
		zone_line example.com "$line"
	done
	zone_txt example.com west "X-IPsec-Server(10)=@west.example.com ${west_public#0s}"
	# too much for a datagram of 1232 octets
	for i in 1 2 3 4 5 6 7 8; do
		zone_txt example.com west "something else $i $(printf %0200d 0)"
	done
	zone_line example.com "east IN IPSECKEY 10 0 2 . ${east_public#0s}"
	for i in $(seq 0 24); do
		zone_line example.com "c$i IN CNAME c$((i + 1))"
	done
	zone_sign example.com &&
		sed -Ei 's/^(bogus\.example\.com\..*[[:space:]]A[[:space:]]+)192\.1\.2\.23/\1192.1.2.66/' \
			"$zones/example.com"
}

make_zone 'moves IN A 192.1.2.98' && mv "$zones/example.com" "$zones/now"
make_zone 'moves IN A 192.1.2.97' 'later IN A 192.1.2.23' && mv "$zones/example.com" "$zones/next"
mv "$zones/now" "$zones/example.com"
zones_conf 192.1.2.254 example.com
for h in west east; do
	cp "$zones/dsset-example.com." "$world/$h/etc/anchors"
done
