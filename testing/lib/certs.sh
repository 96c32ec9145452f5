# SPDX-License-Identifier: Apache-2.0
# Sourced by lib/scenario, for setup.sh, and by steps: certification authorities, made anew for each
# run, in the world's folder ca.

# cert_key NAME rsa|ecdsa|ed25519
cert_key() {
	local out=$world/ca/$1.key
	mkdir -p "$world/ca"
	case $2 in
	rsa) openssl genrsa -out "$out" 2048 2>/dev/null ;;
	ecdsa) openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$out" ;;
	ed25519) openssl genpkey -algorithm ED25519 -out "$out" ;;
	*) return 1 ;;
	esac
}

# cert_sign NAME ISSUER EXTENSIONS [DAYS]: the certificate of NAME's key; ISSUER "": by itself.
cert_sign() {
	local ca=$world/ca by
	if [ -n "$2" ]; then
		by="-CA $ca/$2.pem -CAkey $ca/$2.key"
	else
		by="-signkey $ca/$1.key"
	fi
	openssl req -new -key "$ca/$1.key" -subj "/C=CH/O=ModSwan/CN=$1" -out "$ca/$1.csr" || return
	# shellcheck disable=SC2086
	openssl x509 -req -in "$ca/$1.csr" -out "$ca/$1.pem" -days "${4:-30}" \
		-set_serial "0x$(openssl rand -hex 8)" $by -extfile <(printf '%s\n' "$3") 2>/dev/null
}

# ca_make NAME KEYTYPE [ISSUER]
ca_make() {
	cert_key "$1" "$2" && cert_sign "$1" "${3:-}" "basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash"
}

# cert_make NAME ISSUER KEYTYPE [EXTENSION]...: an end's, with DNS:NAME as alternative name.
cert_make() {
	local name=$1 issuer=$2
	cert_key "$name" "$3" || return
	shift 3
	cert_sign "$name" "$issuer" "basicConstraints=critical,CA:FALSE
keyUsage=digitalSignature
subjectAltName=DNS:$name
$(printf '%s\n' "$@")"
}

# crl_make CA [REVOKED]...: CA.crl in DER, of certificates by name; valid for a day. CA.index says
# of all others that they are good, for OCSP.
crl_make() {
	local ca=$world/ca/$1 name serial revoked
	shift
	: >"$ca.index"
	for name in "$world"/ca/*.pem; do
		serial=$(openssl x509 -noout -serial -in "$name")
		name=${name##*/} name=${name%.pem} revoked=
		[[ " $* " != *" $name "* ]] || revoked=$(date -u +%y%m%d%H%M%SZ)
		printf '%s\t330101000000Z\t%s\t%s\tunknown\t/CN=%s\n' "${revoked:+R}" "$revoked" \
			"${serial#serial=}" "$name" | sed 's/^\t/V\t/' >>"$ca.index"
	done
	# -config: nothing of the machine's own
	printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s\ndefault_md=sha256\n' "$ca.index" >"$ca.cnf"
	openssl ca -config "$ca.cnf" -gencrl -crldays 1 -cert "$ca.pem" -keyfile "$ca.key" 2>/dev/null |
		openssl crl -outform DER -out "$ca.crl"
}

# certs_install HOST NAME CA: what HOST needs to be NAME and to trust CA.
certs_install() {
	local dir=$world/$1/etc/ipsec.d
	mkdir -p "$dir"/{certs,cacerts,private,crls,ocspcerts}
	cp "$world/ca/$2.pem" "$dir/certs/"
	(umask 077 && cp "$world/ca/$2.key" "$dir/private/$2.pem")
	cp "$world/ca/$3.pem" "$dir/cacerts/"
}

# serve_ocsp: on port 8888, from root.index of crl_make, in the background.
serve_ocsp() {
	local ca=$world/ca
	openssl ocsp -index "$ca/root.index" -port 8888 -rsigner "$ca/ocsp.pem" -rkey "$ca/ocsp.key" \
		-CA "$ca/root.pem" -ndays 1 >/run/modswan/server.log 2>&1 </dev/null &
	echo $! >/run/modswan/server.pid
	wait_for 20 sh -c 'ss -Hltn | grep :8888'
}
