zones=$world/zones
rsa_key_of north
for h in west east north; do
	mkdir -p "$world/$h/etc/ipsec.d"
	manual_example opportunistic-null $h >"$world/$h/etc/ipsec.d/groups.conf"
done
. "$top/testing/lib/zones.sh"

zone_begin in-addr.arpa
zone_line in-addr.arpa 'ns IN A 192.1.2.254'
zone_txt in-addr.arpa "$(reverse_name 192.1.3.33)" \
	"X-IPsec-Server(10)=192.1.3.33 ${north_public#0s}"
zone_sign in-addr.arpa
zones_conf 192.1.2.254 in-addr.arpa
for h in west east north; do
	cat "$zones"/dsset-* >"$world/$h/etc/anchors"
done
