if [ $host = west ]; then
	ipsec auto --up west-east >/run/modswan/refused.txt || true
	cat /run/modswan/refused.txt
	assert_no_match /run/modswan/refused.txt '^004 .* established'
else
	must_fail swanctl --initiate --child west-east
fi
