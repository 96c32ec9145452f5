eroute_is_not $west_net $east_net
ipsec auto --up west-east && fail "it came up without a default route"
ip $version route add default via $gateway metric 100
up() { eroute_is $west_net $east_net tun; }
wait_for 20 up
