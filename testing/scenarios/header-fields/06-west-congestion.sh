# west's own firewall plays the router on the way: congestion, and another DSCP (10)
[ "${family:-4}" = 4 ] && ip=ip || ip=ip6
nft -f - <<END
table inet router {
	chain out {
		type filter hook postrouting priority 0
		oifname eth1 $ip daddr $east_address $ip dscp set 10
		oifname eth1 $ip daddr $east_address $ip ecn set ce
	}
}
END
