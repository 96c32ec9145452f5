# The connections, a row each: name, credentials, the clients' networks, then a setting of ours and one
# for swanctl.conf. Names of ends are WEST-NAME and so on, so that a responder has to find its connection.
ike=aes_gcm128-sha2_256-x25519 esp=aes_gcm128-x25519
their_ike=aes128gcm16-prfsha256-x25519 their_esp=aes128gcm16-x25519
grid='
psk        psk    192.0.1.0/24             192.0.2.0/24
rsa        rsa    192.0.1.0/24             192.0.2.0/24
ecdsa      ecdsa  192.0.1.0/24             192.0.2.0/24
several    psk    192.0.1.0/24,10.1.0.0/24 192.0.2.0/24,10.2.0.0/24
pairs      psk    192.0.1.0/24,10.1.0.0/24 192.0.2.0/24,10.2.0.0/24
fragments  rsa    192.0.1.0/24             192.0.2.0/24              fragmentation=force
reauth     psk    192.0.1.0/24             192.0.2.0/24              reauth=yes
transport  psk    -                        -                         type=transport       mode=transport
nat        psk    -                        -                         type=transport       mode=transport
null       null   192.0.1.0/24             192.0.2.0/24
alive      psk    192.0.1.0/24             192.0.2.0/24              dpddelay=1
mobike     psk    192.0.1.0/24             192.0.2.0/24              mobike=yes
cp         psk    lease                    192.0.2.0/24
lease      psk    192.0.1.0/24             lease
cp6        psk    lease6                   2001:db8:0:2::/64
lease6     psk    2001:db8:0:1::/64        lease6
cp46       psk    lease46                  192.0.2.0/24,2001:db8:0:2::/64
lease46    psk    192.0.1.0/24,2001:db8:0:1::/64 lease46
'
fragment_size=576
conns=${conns:-psk rsa ecdsa several fragments transport reauth cp lease cp6 lease6 cp46 lease46 mobike}

# of what a lease is made: our pool, the peer's pools, what it asks for, name servers behind west
declare -A our_pool=([lease]=10.8.0.10-10.8.0.20 [lease6]=2001:db8:8::10-2001:db8:8::20)
declare -A their_pools=([lease]=cp [lease6]=cp6 [lease46]='cp, cp6')
declare -A any_address=([lease]=0.0.0.0 [lease6]=:: [lease46]='0.0.0.0, ::')
declare -A west_dns=([lease]=192.0.1.1 [lease6]=2001:db8:0:1::1 [lease46]='192.0.1.1, 2001:db8:0:1::1')
our_pool[lease46]=${our_pool[lease]},${our_pool[lease6]}

# interop_networks NAME LEFT RIGHT: in one CHILD SA, or in one for each pair.
interop_networks() {
	if [ "$1" = pairs ]; then
		printf '\tleftsubnets={ %s }\n\trightsubnets={ %s }\n' "${2//,/ }" "${3//,/ }"
	else
		printf '\tleftsubnet=%s\n\trightsubnet=%s\n' "$2" "$3"
	fi
}

interop_conn() {
	local name=$1 kind=$2 west=$3 east=$4 ours=${5:-} auth
	case $kind in
	psk) auth=secret ;;
	rsa) auth=rsasig ;;
	*) auth=$kind ;;
	esac
	printf '\nconn %s\n\tauthby=%s\n' "$name" "$auth"
	[ "$kind" = null ] || printf '\tleftid=@west-%s\n\trightid=@east-%s\n' "$name" "$name"
	[[ $kind != *sa ]] || printf '\tleftcert=west-%s.pem\n' "$name"
	case $west:$east in
	-:-) ;;
	lease*:*) printf '\tleftmodecfgclient=yes\n\trightsubnet="%s"\n' "$east" ;;
	*:lease*)
		printf '\tleftsubnet="%s"\n\tright=%%any\n\trightaddresspool=%s\n' "$west" "${our_pool[$east]}"
		printf '\tmodecfgdns="%s"\n' "${west_dns[$east]}"
		;;
	*) interop_networks "$name" "$west" "$east" ;;
	esac
	[ -z "$ours" ] || printf '\t%s\n' "$ours"
}

interop_swanctl() {
	local name=$1 kind=$2 west=$3 east=$4 theirs=${6:-} auth=pubkey address=192.1.2.45
	[ "$kind" != psk ] || auth=psk
	[ "$name" != nat ] || address=192.1.2.200
	printf '\t%s {\n\t\tversion = 2\n\t\tlocal_addrs = 192.1.2.23\n\t\tremote_addrs = %s\n' "$name" "$address"
	[[ $west != lease* ]] || printf '\t\tpools = %s\n' "${their_pools[$west]}"
	[[ $east != lease* ]] || printf '\t\tvips = %s\n' "${any_address[$east]}"
	printf '\t\tproposals = %s\n\t\tlocal {\n\t\t\tauth = %s\n\t\t\tid = @east-%s\n' "$their_ike" $auth "$name"
	[ "$kind" = psk ] || printf '\t\t\tcerts = east-%s.pem\n' "$name"
	printf '\t\t}\n\t\tremote {\n\t\t\tauth = %s\n\t\t\tid = @west-%s\n\t\t}\n' $auth "$name"
	printf '\t\tchildren {\n\t\t\t%s {\n\t\t\t\tesp_proposals = %s\n' "$name" "$their_esp"
	[[ $east = [-l]* ]] || printf '\t\t\t\tlocal_ts = %s\n' "$east"
	[[ $west = [-l]* ]] || printf '\t\t\t\tremote_ts = %s\n' "$west"
	[ -z "$theirs" ] || printf '\t\t\t\t%s\n' "${theirs/=/ = }"
	printf '\t\t\t}\n\t\t}\n\t}\n'
}

interop_libreswan() {
	local name=$1 kind=$2 west=$3 east=$4 ours=${5:-} auth
	case $kind in
	psk) auth=secret ;;
	rsa) auth=rsasig ;;
	*) auth=$kind ;;
	esac
	printf '\nconn %s\n\tauthby=%s\n' "$name" "$auth"
	if [ "$kind" = null ]; then
		printf '\tleftid=%%null\n\trightid=%%null\n'
	else
		printf '\tleftid=@east-%s\n\trightid=@west-%s\n' "$name" "$name"
	fi
	[[ $kind != *sa ]] || printf '\tleftcert=east-%s\n\trightca=%%same\n' "$name"
	case $west:$east in
	-:-) ;;
	lease:*)
		printf '\tleftsubnet=%s\n\tleftmodecfgserver=yes\n\trightmodecfgclient=yes\n' "$east"
		printf '\trightaddresspool=10.9.0.10-10.9.0.20\n\tmodecfgdns=192.0.2.1\n'
		;;
	*:lease)
		printf '\tleftmodecfgclient=yes\n\trightmodecfgserver=yes\n\tnarrowing=yes\n'
		printf '\tleftsubnet=0.0.0.0/0\n\trightsubnet=%s\n' "$west"
		;;
	*) interop_networks "$name" "$east" "$west" ;;
	esac
	case $ours in
	dpddelay=*) printf '\tdpddelay=1\n\tdpdtimeout=30\n\tdpdaction=clear\n' ;;
	?*) printf '\t%s\n' "$ours" ;;
	esac
}

# Linux cuts HMAC-SHA2-256 to 96 bits for PF_KEY, and has no AEAD there.
interop_openiked() {
	local name=$1 kind=$2 west=$3 east=$4 ours=${5:-} mode=tunnel more='' i j
	[[ $ours != type=transport ]] || mode=transport
	[ "$west" != lease ] || west=dynamic more=' config address 10.9.0.0/24 config name-server 192.0.2.1'
	# its "dynamic" asks for 0.0.0.0/32
	[ "$east" != lease ] || east=0.0.0.0/0 more=' request address any iface lo'
	[ "$west" != - ] || west=192.1.2.45 east=192.1.2.23
	[[ $ours != fragmentation=* ]] || echo 'set fragmentation'
	printf 'ikev2 "%s" passive %s esp' "$name" $mode
	for i in ${east//,/ }; do
		for j in ${west//,/ }; do
			printf ' from %s to %s' "$i" "$j"
		done
	done
	printf ' local 192.1.2.23 peer 192.1.2.45'
	printf ' ikesa enc aes-128-gcm prf hmac-sha2-256 group curve25519'
	printf ' childsa auth hmac-sha2-512 enc aes-128 group curve25519'
	printf ' srcid east-%s dstid west-%s' "$name" "$name"
	case $kind in
	psk) printf ' psk "Gentlemen, synchronize your watches."' ;;
	esac
	printf '%s\n' "$more"
}

# each_conn WORD: says the WORD of every row.
each_conn() {
	local row
	while read -r -a row; do
		[[ " $conns " != *" ${row[0]:-none} "* ]] || "$1" "${row[@]}"
	done <<<"$grid"
}
west_more=
# iked never answers the Delete of an IKE SA that it began and we replaced: that one has to be given up
[ $peer != openiked ] || esp=aes_cbc128-sha2_512-x25519 west_more='retransmit-timeout=10s'
west_conns=$(each_conn interop_conn)
east_conns=$(each_conn "interop_${peer/strongswan/swanctl}")
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
openiked) peer_label="OpenIKED 7.2 (Debian 12) with PF_KEY" ;;
libreswan) peer_label="libreswan 4.10 (Debian 12) with XFRM" ;;
esac
