wait_for 10 no_tunnel west-east
ipsec auto --up west-east >/run/modswan/revoked.txt || true
assert_no_match /run/modswan/revoked.txt '^004 .* established'
assert_match /run/modswan/revoked.txt 'AUTHENTICATION_FAILED'
