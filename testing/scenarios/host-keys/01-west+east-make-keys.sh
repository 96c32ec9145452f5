ipsec newhostkey --keytype $keytype --hostname $host
[ "$(stat -c %a $confdir/ipsec.secrets)" = 600 ]
if ipsec newhostkey --keytype $keytype --hostname $host; then
	fail "newhostkey takes a file that exists"
fi
[ $host = west ] && side=left || side=right
{ echo "conn $host-key"; ipsec showhostkey --$side; } | tee $confdir/$host.key
assert_match $confdir/$host.key "^	$side(rsasig|pub)key=0s"
