kind=${west_key%% *}
[ $kind != P12 ] || kind=RSA
printf ': %s west.pem\n: %s mallory.pem\n' $kind $kind >$confdir/ipsec.secrets
sed -i "s/leftcert=.*/leftcert=west.pem/; s/leftid=.*/leftid=@west/" $confdir/own.conf
ipsec auto --rereadall
ipsec auto --replace west-east
ipsec auto --up west-east >/run/modswan/stranger.txt || true
assert_no_match /run/modswan/stranger.txt '^004 .* established'
sed -i 's/leftcert=.*/leftcert=mallory.pem/' $confdir/own.conf
ipsec auto --replace west-east
ipsec auto --up west-east >/run/modswan/mallory.txt || true
assert_no_match /run/modswan/mallory.txt '^004 .* established'
