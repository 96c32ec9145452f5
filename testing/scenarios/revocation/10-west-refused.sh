[ $server != silent ] || exit 0
wait_for 10 no_tunnel west-east
ipsec auto --up west-east >/run/modswan/refused.txt || true
assert_no_match /run/modswan/refused.txt '^004 .* established'
assert_match /run/modswan/refused.txt 'AUTHENTICATION_FAILED'
