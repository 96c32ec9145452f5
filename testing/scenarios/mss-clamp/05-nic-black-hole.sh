[ "${family:-4}" = 4 ] && met='ip length' || met='ip6 length'
# an IPv6 header tells the length of what follows it
[ "${family:-4}" = 4 ] && most=1300 || most=1260
nft -f - <<END
table inet hole {
	chain forward {
		type filter hook forward priority 0
		$met > $most counter drop
	}
}
END
