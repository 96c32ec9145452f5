west_east_up
if [ "$host" = west ]; then
	ipsec auto --up more | assert_match - '^004 .*more.* established'
else
	swanctl --initiate --child more
fi
