westid=${westid:-@west} eastid=${eastid:-@east}
ca_make root $keytype && ca_make below $keytype root
cert_make west below $keytype && cert_make east below $keytype
certs_install west west root && cp "$world/ca/below.pem" "$world/west/etc/ipsec.d/certs/"
west_key=RSA
[ $keytype = rsa ] || west_key=PKCS8
sw=$world/east/etc/strongswan
mkdir -p "$sw"/{x509,x509ca,private}
cp "$world/ca/east.pem" "$sw/x509/" && cp "$world/ca/east.key" "$sw/private/east.pem"
cp "$world/ca/root.pem" "$sw/x509ca/" && cp "$world/ca/below.pem" "$sw/x509ca/"
