ipsec auto --up west-east | assert_match - '^004 .*west-east.* established'
ipsec auto --down west-east
wait_for 10 no_tunnel west-east
# by CKAIDs, in one of the variants: ours picks the certificate, and no other one of the peer will do
if [ $keytype = ecdsa ] && [ $westid = @west ]; then
	cp $confdir/own.conf $confdir/own.kept
	mine=$(ipsec showhostkey --list | sed -n 's/.* ckaid: \([0-9a-f]*\).*/\1/p')
	theirs=$(cat $world/east.ckaid)
	sed -i "s/leftcert=.*/leftckaid=$mine/; \$ a \	rightckaid=$theirs" $confdir/own.conf
	ipsec auto --replace west-east
	ipsec auto --up west-east | assert_match - '^004 .*west-east.* established'
	ipsec auto --down west-east
	wait_for 10 no_tunnel west-east
	sed -i "s/rightckaid=.*/rightckaid=$mine/" $confdir/own.conf
	ipsec auto --replace west-east
	ipsec auto --up west-east >/run/modswan/ckaid.txt || true
	assert_no_match /run/modswan/ckaid.txt '^004 .* established'
	assert_match $rundir/pluto.log 'no key of the peer has the CKAID that its ckaid= wants'
	sed -i "s/leftckaid=.*/leftckaid=$theirs/" $confdir/own.conf
	ipsec auto --replace west-east
	ipsec auto --up west-east >/run/modswan/ckaid.txt || true
	assert_no_match /run/modswan/ckaid.txt '^004 .* established'
	assert_match $rundir/pluto.log "no private key with the CKAID $theirs"
	mv $confdir/own.kept $confdir/own.conf
	ipsec auto --replace west-east
fi
