zones=$world/zones
rsa_key_of west && rsa_key_of east
. "$top/testing/lib/zones.sh"

declare -A hidden=([clear]=clear [cop]=clear-or-private [poc]=private-or-clear [private]=private
	[block]=block)

# side HOST FIRST PEERS WORD...: an address for each word, POLICY- or POLICY+
side() {
	local host=$1 number=$2 peers=$3 public=$1_public word group
	mkdir -p "$world/$host/etc/ipsec.d/policies"
	cat >"$world/$host/etc/ipsec.conf" <<-END
	version 2.0

	config setup
	  interfaces="ipsec0=eth1"
	  protostack=klips
	  noeroute=pass
	  oe=no
	  logfile=/run/modswan/run/pluto.log
	  oe-dnssec=require
	  dnssec-rootkey-file=/run/modswan/etc/anchors

	conn %default
	  retransmit-timeout=3s
	END
	for word in "${@:4}"; do
		address=192.1.2.$number
		: $((number++))
		[[ $word != *+ ]] ||
			zone_txt in-addr.arpa "$(reverse_name $address)" \
				"X-IPsec-Server(10)=$address ${!public#0s}"
		echo "$address $word" >>"$world/$host/etc/addresses"
		group=${word%[-+]}
		[ $group != none ] || continue
		printf '\nconn %s\n\talso=%s\n\tleft=%s\n\tkeyingtries=1\n' "at-$address" \
			"${hidden[$group]}" $address >>"$world/$host/etc/ipsec.conf"
		echo "$peers" >"$world/$host/etc/ipsec.d/policies/at-$address"
	done
}

zone_begin example.com
zone_line example.com 'ns IN A 192.1.2.254'
zone_begin in-addr.arpa
side west 112 "$(echo 192.1.2.{208..219})" none- none+ clear- clear+ cop- cop+ poc- poc+ private- private+ block-
side east 208 192.1.2.112/28 none- none+ clear- clear+ cop- cop+ poc- poc+ private- private+ block- block+
for z in example.com in-addr.arpa; do
	zone_sign $z
done
zones_conf 192.1.2.254 example.com in-addr.arpa
for h in west east; do
	cat "$zones"/dsset-* >"$world/$h/etc/anchors"
	cat "$scenario/matrix" >"$world/$h/etc/matrix"
done
