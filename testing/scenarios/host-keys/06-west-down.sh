ipsec auto --down west-east
wait_for 20 no_tunnel west-east
# east's key is now another one than west believes
ipsec newhostkey --keytype $keytype --hostname other --output $confdir/other.secrets
{ echo "conn east-key"; ipsec showhostkey --file $confdir/other.secrets --right; } >$confdir/east.key
ipsec auto --replace west-east
ipsec auto --up west-east >/run/modswan/up-again.txt || true
cat /run/modswan/up-again.txt
assert_no_match /run/modswan/up-again.txt '^004 .*west-east.* established'
assert_match /run/modswan/up-again.txt '^003 .*authentication failed'
# a CKAID that does not belong to what is written is a mistake
printf '\trightckaid=%040d\n' 0 >>$confdir/east.key
ipsec auto --replace west-east >/run/modswan/ckaid.txt 2>&1 || true
cat /run/modswan/ckaid.txt
assert_match /run/modswan/ckaid.txt 'rightckaid=0+: the key that is written for this end has [0-9a-f]{40}$'
