ipsec auto --up west-east >/run/modswan/strict.txt || true
assert_no_match /run/modswan/strict.txt '^004 .* established'
