later=start
zones=$world/zones
mkdir -p "$zones"

# txt_of KEY: strings of at most 255 octets
txt_of() {
	fold -w 250 <<<"$1" | sed 's/.*/"&"/' | tr '\n' ' '
}

# zone_write FILE [LINE...]: example.com with further records
zone_write() {
	local file=$1
	shift
	{
		printf '$TTL 5\n@ IN SOA ns.example.com. root.example.com. %s 3600 900 86400 1\n' \
			"$(date +%s)"
		printf '%s\n' '@ IN NS ns' 'ns IN A 192.1.2.254' 'two IN A 192.1.2.99' 'two IN A 192.1.2.23' \
			'alias IN CNAME two' 'bogus IN A 192.1.2.23'
		printf 'west IN TXT "X-IPsec-Server(10)=@west.example.com " %s\n' "$(txt_of "${west_public#0s}")"
		# too much for a datagram of 1232 octets
		for i in 1 2 3 4 5 6 7 8; do
			printf 'west IN TXT "something else %s" "%0200d"\n' $i 0
		done
		printf 'east IN IPSECKEY 10 0 2 . %s\n' "${east_public#0s}"
		for i in $(seq 0 24); do
			printf 'c%s IN CNAME c%s\n' $i $((i + 1))
		done
		printf 'c25 IN A 192.1.2.23\n'
		printf '%s\n' "$@"
	} >"$file"
}

# zone_sign FILE SERVED: then one of its addresses is changed
zone_sign() {
	(cd "$zones" && dnssec-signzone -S -z -K . -d . -o example.com -f "$1.signed" "$1") >"$1.log" 2>&1 ||
		{ cat "$1.log"; return 1; }
	sed -E 's/^(bogus\.example\.com\..*[[:space:]]A[[:space:]]+)192\.1\.2\.23/\1192.1.2.66/' \
		"$1.signed" >"$2.new" && mv "$2.new" "$2"
}

dnssec-keygen -q -K "$zones" -a ECDSAP256SHA256 -f KSK example.com >/dev/null
zone_write "$zones/first"
zone_sign "$zones/first" "$zones/example.com"
zone_write "$zones/second" 'later IN A 192.1.2.23'
zone_sign "$zones/second" "$zones/next"
for h in west east; do
	cp "$zones/dsset-example.com." "$world/$h/etc/anchors"
done
cat >"$zones/nsd.conf" <<END
server:
	ip-address: 192.1.2.254
	server-count: 1
	username: ""
	chroot: ""
	zonesdir: "$zones"
	database: ""
	zonelistfile: "$zones/zone.list"
	xfrdfile: "$zones/xfrd.state"
	pidfile: "$zones/nsd.pid"
	logfile: "$zones/nsd.log"
	do-ip6: no
remote-control:
	control-enable: no
zone:
	name: example.com
	zonefile: example.com
END
