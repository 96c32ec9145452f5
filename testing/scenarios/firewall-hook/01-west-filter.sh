command -v nft >/dev/null && nft add table inet guard || skip "no nftables here"
nft add chain inet guard forward '{ type filter hook forward priority 0; policy drop; }'
nft add chain inet guard input '{ type filter hook input priority 0; policy accept; }'
nft list ruleset >/run/modswan/ruleset.txt
echo 1 >/proc/sys/net/ipv4/conf/eth1/rp_filter
