ipsec newhostkey --keytype $keytype --hostname $host
[ "$(stat -c %a $confdir/ipsec.secrets)" = 600 ]
if ipsec newhostkey --keytype $keytype --hostname $host; then
	fail "newhostkey takes a file that exists"
fi
[ $host = west ] && side=left || side=right
{ echo "conn $host-key"; ipsec showhostkey --$side; } | tee $confdir/$host.key
assert_match $confdir/$host.key "^	$side(rsasig|pub)key=0s"
# with another key beside it only the CKAID says which one is meant
ckaid=$(ipsec showhostkey --list | sed -n 's/.* ckaid: //p')
ipsec newhostkey --quiet --keytype $keytype --hostname decoy --output $confdir/ipsec.secrets
[ "$(ipsec showhostkey --$side --ckaid ${ckaid:0:8} | tail -1)" = "$(tail -1 $confdir/$host.key)" ]
printf '\t%sckaid=%s\n' $side $ckaid >>$confdir/$host.key
