# SPDX-License-Identifier: Apache-2.0
# Sourced: the family's test network as tables.
#
#               192.0.1.0/24               192.1.2.0/24               192.0.2.0/24
#  sunset, japan -- west-lan -- .254 west .45 -- public -- .23 east .254 -- east-lan -- sunrise
#                                                  |
#       pole -- north-lan -- .254 north .33 --+   nic .254
#                                             |     |
#                            road .209 -- road-net--+    192.1.3.0/24
#
# Every net is a bridge in the namespace "wire", where its packets can be captured.

# host     net        device  IPv4             IPv6
links='
sunset     west-lan   eth0    192.0.1.1/24     2001:db8:0:1::1/64
japan      west-lan   eth0    192.0.1.2/24     2001:db8:0:1::2/64
west       west-lan   eth0    192.0.1.254/24   2001:db8:0:1::254/64
west       public     eth1    192.1.2.45/24    2001:db8:1:2::45/64
east       public     eth1    192.1.2.23/24    2001:db8:1:2::23/64
east       east-lan   eth0    192.0.2.254/24   2001:db8:0:2::254/64
sunrise    east-lan   eth0    192.0.2.1/24     2001:db8:0:2::1/64
nic        public     eth0    192.1.2.254/24   2001:db8:1:2::254/64
nic        road-net   eth1    192.1.3.254/24   2001:db8:1:3::254/64
road       road-net   eth0    192.1.3.209/24   2001:db8:1:3::209/64
north      road-net   eth1    192.1.3.33/24    2001:db8:1:3::33/64
north      north-lan  eth0    192.0.3.254/24   2001:db8:0:3::254/64
pole       north-lan  eth0    192.0.3.1/24     2001:db8:0:3::1/64
'

# host     default routes
gateways='
sunset     192.0.1.254   2001:db8:0:1::254
japan      192.0.1.254   2001:db8:0:1::254
sunrise    192.0.2.254   2001:db8:0:2::254
pole       192.0.3.254   2001:db8:0:3::254
west       192.1.2.254   2001:db8:1:2::254
east       192.1.2.254   2001:db8:1:2::254
road       192.1.3.254   2001:db8:1:3::254
north      192.1.3.254   2001:db8:1:3::254
'

routers='west east nic north'

# topology_wire HOST...: commands for "ip -batch" in the namespace wire, to make the nets that these
# hosts touch and plug the hosts in. A host's namespace is named by its process: world_pid HOST.
topology_wire() {
	local host net device nets=' '
	while read -r host net device _; do
		[[ " $* " == *" $host "* ]] || continue
		if [[ $nets != *" $net "* ]]; then
			nets+="$net "
			printf 'link add %s up type bridge forward_delay 0 mcast_snooping 0\n' \
				"$net"
		fi
		printf 'link add %s up master %s type veth peer name %s netns %s\n' \
			"$host.$device" "$net" "$device" "$(world_pid "$host")"
	done <<<"$links"
}

# topology_host HOST: the same in the host's namespace: addresses and routes.
topology_host() {
	local host device v4 v6
	while read -r host _ device v4 v6; do
		[ "$host" = "$1" ] || continue
		printf 'addr add %s brd + dev %s\n' "$v4" "$device"
		printf 'addr add %s dev %s nodad\n' "$v6" "$device"
		printf 'link set %s up\n' "$device"
	done <<<"$links"
	while read -r host v4 v6; do
		[ "$host" = "$1" ] || continue
		printf 'route add default via %s\n' "$v4"
		printf 'route add default via %s\n' "$v6"
	done <<<"$gateways"
}

# topology_sysctls HOST: lines NAME=VALUE.
topology_sysctls() {
	# one that every kernel has, and that forgets at once what a wire that loses did to it
	echo net.ipv4.tcp_congestion_control=reno
	# klips: what arrives decrypted does not come from where its source address points to
	echo net.ipv4.conf.all.rp_filter=0
	echo net.ipv4.conf.default.rp_filter=0
	# addresses are ready at once, link-local ones too
	echo net.ipv6.conf.default.dad_transmits=0
	echo net.ipv6.conf.all.accept_ra=0
	echo net.ipv6.conf.default.accept_ra=0
	if [[ " $routers " == *" $1 "* ]]; then
		echo net.ipv4.ip_forward=1
		echo net.ipv6.conf.all.forwarding=1
		echo net.ipv4.conf.all.send_redirects=0
		echo net.ipv4.conf.default.send_redirects=0
	fi
}
