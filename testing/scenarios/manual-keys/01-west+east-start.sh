# klips alone: there is no pluto
# what belongs to link-local addresses comes late
settled() {
	ip -6 route show table all | grep "^anycast fe80:: dev $1 " >/dev/null
}
wait_for 20 settled eth0
wait_for 20 settled eth1
host_snapshot >/run/before
must_fail ipsec eroute | assert_match - 'KLIPS is not running'
must_fail ipsec spi --clear | assert_match - 'Trouble opening PF_KEY family socket'
"$(ipsec --directory)/klips" --rundir "$rundir" --confdir "$confdir"
daemon_runs klips
ipsec tncfg --attach --virtual ipsec0 --physical eth1
ipsec tncfg | assert_match - '^ipsec0 -> eth1 mtu=1500\(1500\) -> 1500$'
