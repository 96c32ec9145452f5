# what belongs to link-local addresses comes late
settled() {
	ip -6 route show table all | grep "^anycast fe80:: dev $1 " >/dev/null
}
wait_for 20 settled eth0
wait_for 20 settled eth1
host_snapshot >/run/before
modswan_start
