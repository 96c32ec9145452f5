issuer=${issuer:-root} westid=${westid:-@west} eastid=${eastid:-@east}
western=${western:-west.pem}
ca_make root $keytype && ca_make below $keytype root && ca_make stranger $keytype
cert_make west $issuer $keytype && cert_make east $issuer $keytype
certs_install west west root && certs_install east east root
# west does not have it: it comes in east's CERT payloads
[ $issuer = root ] || cp "$world/ca/below.pem" "$world/east/etc/ipsec.d/certs/"
west_key='RSA west.pem'
[ $keytype = rsa ] || west_key='ECDSA west.pem'
[ $keytype != ed25519 ] || west_key='PKCS8 west.pem'
east_key=${west_key/west/east}
if [ $western = west.p12 ]; then
	west_key='P12 west.p12 "a passphrase"'
	openssl pkcs12 -export -inkey "$world/ca/west.key" -in "$world/ca/west.pem" \
		-certfile "$world/ca/below.pem" -passout 'pass:a passphrase' \
		-out "$world/west/etc/ipsec.d/private/west.p12"
	rm "$world/west/etc/ipsec.d"/{certs,private}/west.pem
fi
# a pattern is for the peer only: each side has its own name written out
own_west=$westid own_east=$eastid
[[ $westid != *'*'* ]] || own_west='"C=CH, O=ModSwan, CN=west"' own_east='"C=CH, O=ModSwan, CN=east"'
