# SPDX-License-Identifier: Apache-2.0
# Sourced by lib/scenario, for setup.sh: keys, made anew for each run.

# rsa_key_of HOST: HOST/etc/ipsec.d/private/HOST.pem, the public half as HOST.pub beside it, and the
# variables HOST_public and HOST_private in the forms of leftrsasigkey= and ipsec.secrets.
rsa_key_of() {
	local dir=$world/$1/etc/ipsec.d/private
	local pem=$dir/$1.pem
	mkdir -p "$dir"
	(umask 077 && openssl genrsa -out "$pem" 2048 2>/dev/null) || return
	openssl rsa -in "$pem" -pubout -out "$dir/$1.pub" 2>/dev/null || return
	printf -v "$1_public" %s "$("$top/testing/lib/rsakey.py" public "$pem")"
	printf -v "$1_private" %s "$("$top/testing/lib/rsakey.py" private "$pem")"
}

# strongswan_keys HOST psk|rsa: what rsa_key_of made for west and east, where HOST's swanctl looks
# for it; their_auth and west_pubkeys and east_pubkeys are set for its swanctl.conf.
strongswan_keys() {
	local dir=$world/$1/etc/strongswan
	mkdir -p "$dir/rsa" "$dir/pubkey"
	cp "$world/$1/etc/ipsec.d/private/$1.pem" "$dir/rsa/"
	cp "$world"/*/etc/ipsec.d/private/*.pub "$dir/pubkey/"
	their_auth=psk west_pubkeys='' east_pubkeys=''
	# named together with psk, the key would be asked for
	if [ "$2" = rsa ]; then
		their_auth=pubkey
		west_pubkeys='pubkeys = west.pub' east_pubkeys='pubkeys = east.pub'
	fi
}
