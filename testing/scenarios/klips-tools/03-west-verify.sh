ipsec look | tee /run/look
group="tun0x200@$east_address esp0x202@$east_address ah0x204@$east_address"
assert_match /run/look "^$west_net +-> $east_net +=> $group +\([0-9]+\)$"
assert_match /run/look '^ipsec0->eth[01] mtu='
ipsec showdefaults | assert_match - '^(routephys=|# no default route)'
ipsec ikeping --wait 5 "$west_address" | assert_match - '^1 packets sent, 1 packets received'
nft add table inet wall
nft add chain inet wall in '{ type filter hook input priority 0; policy drop; }'
nft add table ip hide
nft add chain ip hide out '{ type nat hook postrouting priority 100; }'
nft add rule ip hide out masquerade
ipsec verify --nocolour | tee /run/verify
assert_match /run/verify 'port 500 hole.* \[BLOCKED\]$'
assert_match /run/verify 'MASQUERADEing +\[FAILED\]$'
nft delete table ip hide
nft add rule inet wall in udp dport '{ 500, 4500 }' accept
ipsec verify --nocolour | tee /run/verify
nft delete table inet wall
for good in 'KLIPS support' 'pluto is running' 'UDP port 500' 'UDP port 4500' 'ipsec.conf' \
	'ip command' 'port 500 hole' MASQUERADEing; do
	assert_match /run/verify "$good.* \[OK\]$"
done
