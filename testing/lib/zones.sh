# SPDX-License-Identifier: Apache-2.0
# Sourced by a scenario's setup.sh: signed zones and a name server that serves them.
#
#	$zones		their folder; DS records to trust are in $zones/dsset-*
mkdir -p "$zones"

# txt_of TEXT: as strings of a TXT record, none longer than it may be
txt_of() {
	fold -w 250 <<<"$1" | sed 's/.*/"&"/' | tr '\n' ' '
}

# reverse_name ADDRESS: of IPv4, below in-addr.arpa
reverse_name() {
	awk -F. '{ print $4 "." $3 "." $2 "." $1 }' <<<"$1"
}

# reverse_name6 ADDRESS: of IPv6, below ip6.arpa
reverse_name6() {
	python3 -c 'import ipaddress, sys; print(ipaddress.ip_address(sys.argv[1]).reverse_pointer[:-9])' "$1"
}

# zone_begin ZONE: each has a later serial number than those before
zone_begin() {
	zone_serial=$((${zone_serial:-$(date +%s)} + 1))
	{
		echo '$TTL 5'
		echo "@ IN SOA ns.example.com. root.example.com. $zone_serial 3600 900 86400 1"
		echo '@ IN NS ns.example.com.'
	} >"$zones/$1.unsigned"
}

# zone_line ZONE LINE
zone_line() {
	printf '%s\n' "$2" >>"$zones/$1.unsigned"
}

# zone_txt ZONE NAME TEXT
zone_txt() {
	zone_line "$1" "$2 IN TXT $(txt_of "$3")"
}

# zone_sign ZONE: with one key for all, made when there is none yet
zone_sign() {
	ls "$zones/K$1."*.key >/dev/null 2>&1 ||
		dnssec-keygen -q -K "$zones" -a ECDSAP256SHA256 -f KSK "$1" >/dev/null || return
	(cd "$zones" && dnssec-signzone -S -z -K . -d . -o "$1" -f "$1" "$1.unsigned") >"$zones/$1.log" 2>&1 ||
		{ cat "$zones/$1.log"; return 1; }
}

# zones_conf ADDRESS ZONE...: settings of nsd, $zones/nsd.conf
zones_conf() {
	local zone
	cat >"$zones/nsd.conf" <<-END
	server:
	    ip-address: $1
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
	END
	for zone in "${@:2}"; do
		printf 'zone:\n    name: %s\n    zonefile: %s\n' "$zone" "$zone"
	done >>"$zones/nsd.conf"
}
