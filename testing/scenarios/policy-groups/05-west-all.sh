# groups as they are told to be, all at once
ipsec auto --unroute block-net
wait_for 10 eroute_is_not 192.0.1.0/24 198.51.100.0/24
ipsec auto --route block-net
wait_for 10 eroute_is 192.0.1.0/24 198.51.100.0/24 %reject
ipsec auto --delete block-net
wait_for 10 eroute_is_not 192.0.1.0/24 198.51.100.0/24
ipsec auto --add block-net
ipsec auto --listgroups
