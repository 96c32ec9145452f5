interop_certs() {
	local name=$1 kind=$2 sw=$world/east/etc/strongswan
	[ "$kind" != psk ] || return 0
	[ -e "$world/ca/root-$kind.pem" ] || ca_make "root-$kind" "$kind" || return
	cert_make "west-$name" "root-$kind" "$kind" && cert_make "east-$name" "root-$kind" "$kind" || return
	certs_install west "west-$name" "root-$kind"
	mkdir -p "$sw"/{x509,x509ca,private}
	cp "$world/ca/east-$name.pem" "$sw/x509/"
	cp "$world/ca/east-$name.key" "$sw/private/east-$name.pem"
	cp "$world/ca/root-$kind.pem" "$sw/x509ca/"
}
each_conn interop_certs
