#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# _updown on a network of its own: routes, source addresses, rp_filter, firewall holes, each laid
# and taken back. Needs root (a network namespace); the firewall's part needs nft.
# shellcheck disable=SC2016 # dollars are meant as they stand
set -u
script=$(dirname "$0")/_updown

if [ "${1:-}" != inside ]; then
	if [ "$(id -u)" -ne 0 ] || ! unshare -n true 2>/dev/null; then
		echo "SKIP: no network namespace of one's own here"
		exit 77
	fi
	exec unshare -n "$0" inside
fi

dir=$(mktemp -d) || exit 99
monitor=''
trap '[ -z "$monitor" ] || kill $monitor; rm -rf "$dir"' EXIT
failed=0 checks=0
export IPSEC_RUNDIR="$dir"

# step STATUS VERB [WORD...]
step() {
	want=$1 PLUTO_VERB=$2
	export PLUTO_VERB
	shift 2
	checks=$((checks + 1))
	"$script" "$@" >"$dir/out" 2>&1
	got=$?
	[ $got -eq "$want" ] || complain "$PLUTO_VERB $*: exit status $got, not $want"
}

complain() {
	failed=$((failed + 1))
	echo "FAIL: $1"
	sed 's/^/	/' "$dir/out"
	ip route | sed 's/^/	/'
}

# is COMMAND TEXT: the command's output has the line (blanks at the end do not count).
is() {
	checks=$((checks + 1))
	$1 2>/dev/null | sed 's/ *$//' | grep -qxF -e "$2" || complain "$1: no \"$2\""
}

is_not() {
	checks=$((checks + 1))
	! $1 2>/dev/null | grep -q -e "$2" || complain "$1: \"$2\" is there"
}

says() {
	checks=$((checks + 1))
	grep -q "$1" "$dir/out" || complain "no words \"$1\""
}

# conn NAME ME PEER MY_CLIENT PEER_CLIENT
conn() {
	export PLUTO_VERSION=2.0 PLUTO_CONNECTION="$1" PLUTO_INTERFACE=ipsec0 PLUTO_STACK=klips
	export PLUTO_ME="$2" PLUTO_PEER="$3" PLUTO_NEXT_HOP="$3"
	export PLUTO_MY_CLIENT="$4" PLUTO_MY_CLIENT_NETWORKS="$4" PLUTO_MY_PORT=0
	export PLUTO_PEER_CLIENT="$5" PLUTO_PEER_CLIENT_NETWORKS="$5" PLUTO_PEER_PORT=0
	export PLUTO_MY_PROTOCOL=0 PLUTO_MY_SOURCEIP='' PLUTO_METRIC='' PLUTO_MTU=''
	export PLUTO_PEER_DNS_INFO='' PLUTO_PEER_DOMAIN_INFO=''
}

for link in eth0 lan0 ipsec0; do
	ip link add $link type veth peer name p$link
	ip link set $link up
	ip link set p$link up
done
ip link set lo up
ip addr add 192.0.2.9/24 dev eth0
ip addr add 10.0.1.1/24 dev lan0
ip -6 addr add 2001:db8:2::9/64 dev eth0 nodad
ip -6 addr add 2001:db8:1::1/64 dev lan0 nodad
ip route add default via 192.0.2.1
routes() {
	ip route show table all | grep -v fe80
	ip -6 route show | grep -v fe80
}
# the kernel adds the last of them when the links have their carrier
for _ in $(seq 100); do
	[ "$(ip -6 route show table local | grep -c '^local 2001:db8:')" = 2 ] && break
	sleep 0.1
done
routes >"$dir/before"

echo "- many networks of a group"
conn block 192.0.2.9 0.0.0.0 192.0.2.9/32 10.8.0.0/32
PLUTO_PEER_CLIENT_NETWORKS=0.0.0.0/0
for i in $(seq 0 3000); do
	PLUTO_PEER_CLIENT_NETWORKS="$PLUTO_PEER_CLIENT_NETWORKS 10.8.$((i / 256)).$((i % 256))/32"
done
export PLUTO_CONN_POLICY=GROUP
for verb in prepare-host route-host route-host; do
	step 0 $verb
	[ ! -s "$dir/out" ] || complain "$verb has something to say"
done
is 'ip route' '10.8.11.184 dev ipsec0 scope link'
is 'ip route' '128.0.0.0/1 dev ipsec0 scope link'
checks=$((checks + 1))
[ "$(ip route show dev ipsec0 | grep -c '^10\.8')" = 3001 ] || complain "not 3001 routes"
# what cannot be done is not half done
ip link set ipsec0 down
step 1 route-host
says 'cannot route networks of block to ipsec0'
ip link set ipsec0 up
step 0 route-host
step 0 unroute-host
is_not 'ip route' ipsec0
unset PLUTO_CONN_POLICY

echo "- a network behind the peer"
conn net1 192.0.2.9 198.51.100.7 10.0.1.0/24 10.0.2.0/24
step 0 prepare-client
step 0 route-client
is 'ip route' '10.0.2.0/24 dev ipsec0 scope link src 10.0.1.1'
step 0 route-client
checks=$((checks + 1))
[ "$(ip route | grep -c 10.0.2.0)" = 1 ] || complain "the route is there twice"
step 0 up-client
step 0 down-client
step 0 unroute-client
is_not 'ip route' ipsec0
step 0 unroute-client

echo "- metric and mtu"
PLUTO_METRIC=7 PLUTO_MTU=1300
step 0 route-client
is 'ip route' '10.0.2.0/24 dev ipsec0 scope link src 10.0.1.1 metric 7 mtu 1300'
step 0 unroute-client
is_not 'ip route' ipsec0
PLUTO_METRIC='' PLUTO_MTU=''

echo "- everything goes to the peer"
conn all 192.0.2.9 198.51.100.7 10.0.1.0/24 0.0.0.0/0
step 0 route-client
is 'ip route' '0.0.0.0/1 dev ipsec0 scope link src 10.0.1.1'
is 'ip route' '128.0.0.0/1 dev ipsec0 scope link src 10.0.1.1'
is 'ip route' 'default via 192.0.2.1 dev eth0'
step 0 unroute-client
is_not 'ip route' ipsec0
is 'ip route' 'default via 192.0.2.1 dev eth0'

echo "- a network that has a route already"
conn lan 192.0.2.9 198.51.100.7 10.0.1.1/32 192.0.2.0/24
step 0 prepare-client
step 0 route-client
is 'ip -o route get 192.0.2.77' '192.0.2.77 dev ipsec0 src 10.0.1.1 uid 0 \    cache'
is 'ip route' '192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.9'
step 0 unroute-client
is 'ip route' '192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.9'
is_not 'ip route' ipsec0

echo "- several networks in one range"
conn range 192.0.2.9 198.51.100.7 10.0.1.0/24 10.0.2.0-10.0.4.255
PLUTO_PEER_CLIENT_NETWORKS='10.0.2.0/23 10.0.4.0/24'
step 0 route-client
is 'ip route' '10.0.2.0/23 dev ipsec0 scope link src 10.0.1.1'
is 'ip route' '10.0.4.0/24 dev ipsec0 scope link src 10.0.1.1'
step 0 unroute-client
is_not 'ip route' ipsec0

echo "- hosts, and rp_filter"
conn host1 192.0.2.9 192.0.2.77 192.0.2.9/32 192.0.2.77/32
echo 1 >/proc/sys/net/ipv4/conf/eth0/rp_filter
step 0 route-host
is 'ip route' '192.0.2.77 dev ipsec0 scope link src 192.0.2.9'
is 'cat /proc/sys/net/ipv4/conf/eth0/rp_filter' 2
conn host2 192.0.2.9 192.0.2.78 192.0.2.9/32 192.0.2.78/32
step 0 route-host
step 0 route-host
step 0 unroute-host
is 'cat /proc/sys/net/ipv4/conf/eth0/rp_filter' 2
conn host1 192.0.2.9 192.0.2.77 192.0.2.9/32 192.0.2.77/32
step 0 unroute-host
is 'cat /proc/sys/net/ipv4/conf/eth0/rp_filter' 1
is_not 'ip route' ipsec0

echo "- our end moves: the route changes in one step"
ip addr add 192.0.2.10/24 dev eth0
ip -6 addr add 2001:db8:2::10/64 dev eth0 nodad
ip -o monitor route >>"$dir/changes" &
monitor=$!
# moves VERB NEW: the step comes for the connection as it is, then with NEW for our address
moves() {
	step 0 $1
	PLUTO_ME=$2 PLUTO_MY_CLIENT=$2/${PLUTO_MY_CLIENT#*/}
	PLUTO_MY_CLIENT_NETWORKS=$PLUTO_MY_CLIENT
	until ip route add unreachable 203.0.113.1/32 2>/dev/null &&
		ip route del unreachable 203.0.113.1/32 && grep -q 203.0.113.1 "$dir/changes"; do
		sleep 0.1
	done
	: >"$dir/changes"
	step 0 $1
	until ip route add unreachable 203.0.113.2/32 2>/dev/null &&
		ip route del unreachable 203.0.113.2/32 && grep -q 203.0.113.2 "$dir/changes"; do
		sleep 0.1
	done
	is_not "cat $dir/changes" 'Deleted.*dev ipsec0'
}
conn host1 192.0.2.9 192.0.2.77 192.0.2.9/32 192.0.2.77/32
moves route-host 192.0.2.10
is 'ip route' '192.0.2.77 dev ipsec0 scope link src 192.0.2.10'
is_not 'ip route' 'ipsec0.*src 192.0.2.9'
is 'cat /proc/sys/net/ipv4/conf/eth0/rp_filter' 2
step 0 unroute-host
is 'cat /proc/sys/net/ipv4/conf/eth0/rp_filter' 1
conn host6 2001:db8:2::9 2001:db8:2::77 2001:db8:2::9/128 2001:db8:2::77/128
moves route-host-v6 2001:db8:2::10
is 'ip -6 route' '2001:db8:2::77 dev ipsec0 src 2001:db8:2::10 metric 1 pref medium'
is_not 'ip -6 route' 'ipsec0.*src 2001:db8:2::9'
step 0 unroute-host-v6
is_not 'ip -6 route' 'ipsec0.*src'
kill $monitor
monitor=''
ip addr del 192.0.2.10/24 dev eth0
ip -6 addr del 2001:db8:2::10/64 dev eth0

conn net1 192.0.2.9 198.51.100.7 10.0.1.0/24 10.0.2.0/24
step 0 route-client
is 'cat /proc/sys/net/ipv4/conf/eth0/rp_filter' 1
step 0 unroute-client

echo "- leftsourceip"
conn net1 192.0.2.9 198.51.100.7 10.9.9.9/32 10.0.2.0/24
PLUTO_MY_SOURCEIP=10.9.9.9
step 0 route-client
is 'ip route' '10.0.2.0/24 dev ipsec0 scope link src 10.9.9.9'
is 'ip -4 addr show to 10.9.9.9' '    inet 10.9.9.9/32 scope global lo'
conn net2 192.0.2.9 198.51.100.8 10.9.9.9/32 10.0.3.0/24
PLUTO_MY_SOURCEIP=10.9.9.9
step 0 route-client
step 0 unroute-client
is 'ip route' '10.0.2.0/24 dev ipsec0 scope link src 10.9.9.9'
conn net1 192.0.2.9 198.51.100.7 10.9.9.9/32 10.0.2.0/24
PLUTO_MY_SOURCEIP=10.9.9.9
step 0 unroute-client
is_not 'ip addr' 10.9.9.9
PLUTO_MY_SOURCEIP=10.0.1.1
step 0 route-client
step 0 unroute-client
is 'ip -o -4 addr show dev lan0' "$(ip -o -4 addr show dev lan0 | sed 's/ *$//')"
is_not 'ip addr show dev lo' 10.0.1.1

echo "- IPv6"
conn six 2001:db8:2::9 2001:db8:3::7 2001:db8:1::/64 2001:db8:4::/64
step 0 prepare-client-v6
step 0 route-client-v6
is 'ip -6 route' '2001:db8:4::/64 dev ipsec0 src 2001:db8:1::1 metric 1 pref medium'
step 0 unroute-client-v6
is_not 'ip -6 route' '2001:db8:4::'
conn six 2001:db8:2::9 2001:db8:2::7 2001:db8:2::9/128 2001:db8:2::/64
step 0 route-client-v6
is 'ip -6 route' '2001:db8:2::/64 dev eth0 proto kernel metric 256 pref medium'
is 'ip -6 route' '2001:db8:2::/64 dev ipsec0 src 2001:db8:2::9 metric 1 pref medium'
step 0 unroute-client-v6
conn six 2001:db8:2::9 2001:db8:3::7 2001:db8:1::/64 ::/0
step 0 route-client-v6
is 'ip -6 route' '8000::/1 dev ipsec0 src 2001:db8:1::1 metric 1 pref medium'
step 0 unroute-client-v6
conn six 2001:db8:2::9 2001:db8:3::7 2001:db8:9::9/128 2001:db8:4::/64
PLUTO_MY_SOURCEIP=2001:db8:9::9
step 0 route-client-v6
is 'ip -6 route' '2001:db8:4::/64 dev ipsec0 src 2001:db8:9::9 metric 1 pref medium'
# to be used at once: no duplicate is looked for
is 'ip -6 addr show to 2001:db8:9::9' '    inet6 2001:db8:9::9/128 scope global nodad'
step 0 unroute-client-v6
is_not 'ip -6 addr' 2001:db8:9::9

echo "- a kernel without device"
conn net1 192.0.2.9 198.51.100.7 10.0.1.0/24 10.0.2.0/24
PLUTO_STACK=xfrm PLUTO_INTERFACE=eth0
step 0 route-client
is_not 'ip route' 10.0.2.0
PLUTO_MY_SOURCEIP=10.0.1.1 PLUTO_NEXT_HOP=192.0.2.1
step 0 route-client
is 'ip route' '10.0.2.0/24 via 192.0.2.1 dev eth0 src 10.0.1.1'
step 0 unroute-client
is_not 'ip route' 10.0.2.0

echo "- refusals"
conn net1 192.0.2.9 198.51.100.7 10.0.1.0/24 10.0.2.0/24
step 1 nosuch-client; says "unknown verb .nosuch-client'"
step 2 up-client nosuch; says "unknown parameters .nosuch'"
step 2 up-client firewall more; says 'unknown parameters'
PLUTO_VERSION=1.0
step 2 up-client; says "unknown interface version .1.0'"
PLUTO_VERSION=2.0 PLUTO_INTERFACE=ipsec7
step 1 route-client; says 'cannot route 10.0.2.0/24 to ipsec7'

echo "- words of a peer are no words for the shell"
conn 'a $(touch '"$dir"'/hurt) b' 192.0.2.9 198.51.100.7 10.0.1.0/24 10.0.2.0/24
export PLUTO_PEER_ID='`touch '"$dir"'/hurt`; touch '"$dir"'/hurt'
step 0 route-client
step 0 up-client firewall
step 0 down-client firewall
step 0 unroute-client
checks=$((checks + 1))
[ ! -e "$dir/hurt" ] || complain "a command of the peer was run"

if command -v nft >/dev/null && nft add table inet t 2>/dev/null; then
	echo "- the firewall"
	tabs='		' accept='counter packets 0 bytes 0 accept comment "modswan"'
	nft add chain inet t forw '{ type filter hook forward priority 0; policy drop; }'
	nft add chain inet t in '{ type filter hook input priority 0; }'
	nft add chain inet t nat '{ type nat hook postrouting priority 100; }'
	nft add chain inet t own
	nft add table ip6 six
	nft add chain ip6 six out '{ type filter hook output priority 0; }'
	nft add rule inet t forw counter
	nft list ruleset >"$dir/rules"
	conn net1 192.0.2.9 198.51.100.7 10.0.1.0/24 10.0.2.0/24
	step 0 up-client
	is_not 'nft list ruleset' modswan
	step 0 up-client firewall
	is 'nft list chain inet t in' \
		"$tabs"'iifname "ipsec0" ip saddr 10.0.2.0/24 ip daddr 10.0.1.0/24 '"$accept"
	is 'nft list chain inet t forw' \
		"$tabs"'oifname "ipsec0" ip saddr 10.0.1.0/24 ip daddr 10.0.2.0/24 '"$accept"
	is_not 'nft list table ip6 six' modswan
	is_not 'nft list chain inet t nat' modswan
	step 0 up-client firewall
	checks=$((checks + 1))
	[ "$(nft list ruleset | grep -c modswan)" = 3 ] || complain 'the holes are there twice'
	step 0 down-client firewall
	step 0 down-client firewall
	nft list ruleset >"$dir/after"
	checks=$((checks + 1))
	cmp -s "$dir/rules" "$dir/after" || complain 'rules are left'
	step 0 up-client firewall
	conn six 2001:db8:2::9 2001:db8:3::7 2001:db8:1::/64 2001:db8:4::/64
	step 0 up-client-v6 firewall
	six_client=2001:db8:4::/64
	is 'nft list table ip6 six' \
		"$tabs"'oifname "ipsec0" ip6 saddr 2001:db8:1::/64 '"ip6 daddr $six_client $accept"
else
	echo "- the firewall: no nft here, skipped"
	conn net1 192.0.2.9 198.51.100.7 10.0.1.0/24 10.0.2.0/24
fi

echo "- a lease beside a connection that has the route"
conn net1 192.0.2.9 198.51.100.7 10.0.1.0/24 10.0.2.0/24
step 0 prepare-client
step 0 route-client
conn lease 192.0.2.9 198.51.100.7 10.9.9.9/32 10.0.2.0/24
PLUTO_MY_SOURCEIP=10.9.9.9
step 0 up-client
step 0 up-client
is 'ip -br addr show lo' 'lo               UNKNOWN        127.0.0.1/8 10.9.9.9/32 ::1/128'
is 'ip route show 10.0.2.0/24' '10.0.2.0/24 dev ipsec0 scope link src 10.9.9.9'
is 'ip route show 10.0.2.0/24' '10.0.2.0/24 dev ipsec0 scope link src 10.0.1.1'
is 'ip route get 10.0.2.7' '10.0.2.7 dev ipsec0 src 10.9.9.9 uid 0'
step 0 down-client
step 0 down-client
is_not 'ip addr show lo' 10.9.9.9
is_not 'ip route' 10.9.9.9
is 'ip route show 10.0.2.0/24' '10.0.2.0/24 dev ipsec0 scope link src 10.0.1.1'
conn net1 192.0.2.9 198.51.100.7 10.0.1.0/24 10.0.2.0/24
step 0 unroute-client
conn lease 192.0.2.9 198.51.100.7 10.9.9.9/32 10.0.2.0/24
PLUTO_MY_SOURCEIP=10.9.9.9
step 0 prepare-client
step 0 route-client
step 0 up-client
step 0 down-client
is 'ip route show 10.0.2.0/24' '10.0.2.0/24 dev ipsec0 scope link src 10.9.9.9'
step 0 unroute-client
is_not 'ip addr show lo' 10.9.9.9
is_not 'ip route' 10.9.9.9

echo "- name servers in a file"
# file_is LINE...: the file of name servers has these lines, and no more but for the marks.
file_is() {
	checks=$((checks + 1))
	grep -v '^# modswan: ' "$IPSEC_RESOLV_CONF" >"$dir/lines"
	printf '%s\n' "$@" | cmp -s - "$dir/lines" || {
		cp "$dir/lines" "$dir/out"
		complain "the name servers are not: $*"
	}
}
export IPSEC_RESOLV_CONF="$dir/resolv.conf"
printf 'nameserver 192.0.2.53\nsearch example.org\noptions edns0\n' >"$IPSEC_RESOLV_CONF"
cp "$IPSEC_RESOLV_CONF" "$dir/resolv.before"
conn net1 192.0.2.9 198.51.100.7 10.0.1.0/24 10.0.2.0/24
step 0 up-client
cmp -s "$IPSEC_RESOLV_CONF" "$dir/resolv.before" || complain 'changed without a name server'
PLUTO_PEER_DNS_INFO='10.0.2.1 2001:db8::53' PLUTO_PEER_DOMAIN_INFO='example.com example.net'
step 0 up-client
step 0 up-client
file_is 'nameserver 10.0.2.1' 'nameserver 2001:db8::53' 'nameserver 192.0.2.53' \
	'search example.org' 'options edns0' 'search example.com example.net example.org'
conn net2 192.0.2.9 198.51.100.8 10.0.1.0/24 10.0.3.0/24
PLUTO_PEER_DNS_INFO='10.0.3.1 10.0.2.1'
step 0 up-client
conn net1 192.0.2.9 198.51.100.7 10.0.1.0/24 10.0.2.0/24
step 0 down-client
step 0 down-client
file_is 'nameserver 10.0.3.1' 'nameserver 10.0.2.1' 'nameserver 192.0.2.53' 'search example.org' \
	'options edns0'
conn net2 192.0.2.9 198.51.100.8 10.0.1.0/24 10.0.3.0/24
step 0 down-client
checks=$((checks + 1))
cmp -s "$IPSEC_RESOLV_CONF" "$dir/resolv.before" || complain 'the file is not as it was'
unset IPSEC_RESOLV_CONF

echo "- name servers through resolvectl"
mkdir "$dir/bin"
printf '#!/bin/sh\necho "$@" >>"%s/asked"\n' "$dir" >"$dir/bin/resolvectl"
chmod 755 "$dir/bin/resolvectl"
path=$PATH PATH=$dir/bin:$PATH
PLUTO_PEER_DNS_INFO='10.0.3.1 10.0.3.2' PLUTO_PEER_DOMAIN_INFO='example.com example.net'
step 0 up-client
is "cat $dir/asked" 'dns ipsec0 10.0.3.1 10.0.3.2'
is "cat $dir/asked" 'domain ipsec0 ~example.com ~example.net'
PLUTO_PEER_DOMAIN_INFO=''
step 0 up-client
is "cat $dir/asked" 'domain ipsec0 ~.'
step 0 down-client
is "cat $dir/asked" 'revert ipsec0'
printf '#!/bin/sh\nexit 1\n' >"$dir/bin/resolvectl"

echo "- name servers through resolvconf"
printf '#!/bin/sh\necho "$@" >>"%s/told"\n[ "$1" = -d ] || cat >>"%s/told"\n' "$dir" "$dir" \
	>"$dir/bin/resolvconf"
chmod 755 "$dir/bin/resolvconf"
PLUTO_PEER_DOMAIN_INFO='example.com'
step 0 up-client
is "cat $dir/told" '-a ipsec0.modswan'
is "cat $dir/told" 'nameserver 10.0.3.2'
is "cat $dir/told" 'search example.com'
step 0 down-client
is "cat $dir/told" '-d ipsec0.modswan'
PATH=$path

echo "- cleanup"
conn host1 192.0.2.9 192.0.2.77 10.8.8.8/32 192.0.2.77/32
PLUTO_MY_SOURCEIP=10.8.8.8
step 0 route-client
is 'cat /proc/sys/net/ipv4/conf/eth0/rp_filter' 2
export IPSEC_RESOLV_CONF="$dir/resolv.conf"
PLUTO_PEER_DNS_INFO=10.0.3.1
step 0 up-client
PLUTO_PEER_DNS_INFO=''
step 0 cleanup
checks=$((checks + 1))
cmp -s "$IPSEC_RESOLV_CONF" "$dir/resolv.before" || complain 'name servers are left'
unset IPSEC_RESOLV_CONF
is 'cat /proc/sys/net/ipv4/conf/eth0/rp_filter' 1
is_not 'ip addr' 10.8.8.8
is_not 'nft list ruleset' modswan
PLUTO_MY_SOURCEIP=''
step 0 unroute-client
checks=$((checks + 1))
[ ! -e "$dir/updown" ] || complain "notes are left: $(ls "$dir/updown")"
routes >"$dir/after"
checks=$((checks + 1))
diff "$dir/before" "$dir/after" >"$dir/out" || complain "routes are left"

echo "$checks checks, $failed failed"
[ "$failed" -eq 0 ]
