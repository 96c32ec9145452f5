interop_certs() {
	local name=$1 kind=$2 sw=$world/east/etc/strongswan
	[[ $kind == *sa ]] || return 0
	[ -e "$world/ca/root-$kind.pem" ] || ca_make "root-$kind" "$kind" || return
	cert_make "west-$name" "root-$kind" "$kind" && cert_make "east-$name" "root-$kind" "$kind" || return
	certs_install west "west-$name" "root-$kind"
	# for NSS
	openssl pkcs12 -export -inkey "$world/ca/east-$name.key" -in "$world/ca/east-$name.pem" \
		-name "east-$name" -passout pass:east -out "$world/ca/east-$name.p12" || return
	mkdir -p "$sw"/{x509,x509ca,private}
	cp "$world/ca/east-$name.pem" "$sw/x509/"
	cp "$world/ca/east-$name.key" "$sw/private/east-$name.pem"
	cp "$world/ca/root-$kind.pem" "$sw/x509ca/"
}
each_conn interop_certs

# a file for each, as it has to be started anew for each: it knows but one key of its own
interop_iked() {
	local dir=$world/east/etc/openiked/$1
	mkdir -p "$dir"/{ca,certs,crls,private,pubkeys/{fqdn,ipv4,ipv6,ufqdn}}
	(umask 077 && interop_openiked "$@" >"$dir/iked.conf") || return
	if [[ $2 == *sa ]]; then
		cp "$world/ca/root-$2.pem" "$dir/ca/ca.crt"
		cp "$world/ca/east-$1.pem" "$dir/certs/east.crt"
		cp "$world/ca/east-$1.key" "$dir/private/local.key"
	else
		cert_key "east-$1" ecdsa && cp "$world/ca/east-$1.key" "$dir/private/local.key"
	fi
	openssl pkey -in "$dir/private/local.key" -pubout -out "$dir/local.pub"
}
[ "$peer" != openiked ] || each_conn interop_iked
