# The connections, a row each: name, credentials, the clients' networks, then a setting of ours and one
# for swanctl.conf. Names of ends are WEST-NAME and so on, so that a responder has to find its connection.
ike=aes_gcm128-sha2_256-x25519 esp=aes_gcm128-x25519
their_ike=aes128gcm16-prfsha256-x25519 their_esp=aes128gcm16-x25519
grid='
psk        psk    192.0.1.0/24             192.0.2.0/24
rsa        rsa    192.0.1.0/24             192.0.2.0/24
ecdsa      ecdsa  192.0.1.0/24             192.0.2.0/24
several    psk    192.0.1.0/24,10.1.0.0/24 192.0.2.0/24,10.2.0.0/24
fragments  rsa    192.0.1.0/24             192.0.2.0/24              fragmentation=force
reauth     psk    192.0.1.0/24             192.0.2.0/24              reauth=yes
transport  psk    -                        -                         type=transport       mode=transport
'
fragment_size=576
conns=${conns:-psk rsa ecdsa several fragments transport reauth}

interop_conn() {
	local name=$1 kind=$2 west=$3 east=$4 ours=${5:-} auth
	case $kind in
	psk) auth=secret ;;
	rsa) auth=rsasig ;;
	ecdsa) auth=ecdsa ;;
	esac
	printf '\nconn %s\n\tleftid=@west-%s\n\trightid=@east-%s\n\tauthby=%s\n' \
		"$name" "$name" "$name" "$auth"
	[ "$kind" = psk ] || printf '\tleftcert=west-%s.pem\n' "$name"
	[ "$west" = - ] || printf '\tleftsubnets={ %s }\n\trightsubnets={ %s }\n' "${west//,/ }" "${east//,/ }"
	[ -z "$ours" ] || printf '\t%s\n' "$ours"
}

interop_swanctl() {
	local name=$1 kind=$2 west=$3 east=$4 theirs=${6:-} auth=pubkey
	[ "$kind" != psk ] || auth=psk
	printf '\t%s {\n\t\tversion = 2\n\t\tlocal_addrs = 192.1.2.23\n\t\tremote_addrs = 192.1.2.45\n' "$name"
	printf '\t\tproposals = %s\n\t\tlocal {\n\t\t\tauth = %s\n\t\t\tid = @east-%s\n' "$their_ike" $auth "$name"
	[ "$kind" = psk ] || printf '\t\t\tcerts = east-%s.pem\n' "$name"
	printf '\t\t}\n\t\tremote {\n\t\t\tauth = %s\n\t\t\tid = @west-%s\n\t\t}\n' $auth "$name"
	printf '\t\tchildren {\n\t\t\t%s {\n\t\t\t\tesp_proposals = %s\n' "$name" "$their_esp"
	[ "$west" = - ] || printf '\t\t\t\tlocal_ts = %s\n\t\t\t\tremote_ts = %s\n' "$east" "$west"
	[ -z "$theirs" ] || printf '\t\t\t\t%s\n' "${theirs/=/ = }"
	printf '\t\t\t}\n\t\t}\n\t}\n'
}

# each_conn WORD: says the WORD of every row.
each_conn() {
	local row
	while read -r -a row; do
		[[ " $conns " != *" ${row[0]:-none} "* ]] || "$1" "${row[@]}"
	done <<<"$grid"
}
west_conns=$(each_conn interop_conn)
east_conns=$(each_conn interop_swanctl)
west_keys=
[[ " $conns " != *" rsa "* ]] || west_keys+=$'\n: RSA west-rsa.pem'
[[ " $conns " != *" fragments "* ]] || west_keys+=$'\n: RSA west-fragments.pem'
[[ " $conns " != *" ecdsa "* ]] || west_keys+=$'\n: PKCS8 west-ecdsa.pem'
case $peer in
strongswan)
	peer_label="strongSwan 5.9 (Debian 12)"
	[ "${strongswan:-5}" = 5 ] || peer_label="strongSwan 6 (Debian 13)"
	[ -n "${MS_KERNEL:-}" ] && peer_label+=" with XFRM" || peer_label+=" with libipsec"
	;;
esac
