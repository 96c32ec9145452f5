zones=$world/zones
for h in west east; do
	rsa_key_of $h
done
for h in west east; do
	manual_example opportunistic-initiate $h >"$world/$h/link-group"
done
. "$top/testing/lib/zones.sh"

zone_begin example.com
zone_line example.com "ns IN A 192.1.2.254"
zone_txt example.com east "X-IPsec-Server(10)=@east.example.com ${east_public#0s}"
zone_begin in-addr.arpa
zone_txt in-addr.arpa "$(reverse_name 192.1.2.45)" "X-IPsec-Server(10)=192.1.2.45 ${west_public#0s}"
for z in example.com in-addr.arpa; do
	zone_sign $z
done
zones_conf 192.1.2.254 example.com in-addr.arpa
for h in west east; do
	cat "$zones"/dsset-* >"$world/$h/etc/anchors"
done
