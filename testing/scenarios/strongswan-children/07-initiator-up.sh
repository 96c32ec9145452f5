west_east_up
if [ "$host" = west ]; then
	ipsec auto --up more | assert_match - '^004 .*more.* established'
	ipsec auto --up pairs >/run/pairs
	for pair in 1x1 1x2 2x1 2x2; do
		assert_match /run/pairs "^004 \"pairs/$pair\" .* established"
	done
else
	for child in more pair1x1 pair1x2 pair2x1 pair2x2; do
		swanctl --initiate --child $child
	done
fi
