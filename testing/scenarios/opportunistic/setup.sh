zones=$world/zones
for h in west east north; do
	rsa_key_of $h
done
. "$top/testing/lib/zones.sh"

zone_begin example.com
zone_line example.com 'ns IN A 192.1.2.254'
zone_line example.com 'west IN A 192.1.2.45'
zone_line example.com 'bare IN A 192.1.2.99'
zone_line example.com 'two IN A 192.1.2.98'
zone_line example.com 'two IN A 192.1.2.97'
zone_begin in-addr.arpa
publish() {
	zone_txt in-addr.arpa "$(reverse_name "$1")" "X-IPsec-Server(10)=$2 $3"
}
publish 192.1.2.45 192.1.2.45 "${west_public#0s}"
publish 192.1.2.23 192.1.2.23 "${east_public#0s}"
# RFC 4025: the client itself before a gateway that is not there
key=${north_public#0s}
zone_line in-addr.arpa "$(reverse_name 192.1.3.33) IN IPSECKEY 20 1 2 192.1.3.253 $key"
zone_line in-addr.arpa "$(reverse_name 192.1.3.33) IN IPSECKEY 10 0 2 . $key"
# IPv6: the same in ip6.arpa
zone_begin ip6.arpa
for pair in 2001:db8:1:2::45=$west_public 2001:db8:1:2::23=$east_public; do
	zone_txt ip6.arpa "$(reverse_name6 "${pair%%=*}")" "X-IPsec-Server(10)=${pair%%=*} ${pair#*=0s}"
done
# a client of west's: west may speak for it
publish 192.0.1.1 192.1.2.45 "${west_public#0s}"
# signed, and changed afterwards
publish 192.1.3.96 192.1.3.96 "${east_public#0s}"
zone_txt example.com west "X-IPsec-Server(10)=@west.example.com ${west_public#0s}"
for z in example.com in-addr.arpa ip6.arpa; do
	zone_sign $z
done
sed -i s/=192.1.3.96/=192.1.3.95/ "$zones/in-addr.arpa"
zones_conf 192.1.2.254 example.com in-addr.arpa ip6.arpa
for h in west east north; do
	cat "$zones"/dsset-* >"$world/$h/etc/anchors"
done
