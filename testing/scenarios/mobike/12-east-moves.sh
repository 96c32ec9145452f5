[ "$client$server" = modswanmodswan ] || exit 0
ip -6 addr add 2001:db8:1:2::24/64 dev eth1 nodad
ip -6 addr del 2001:db8:1:2::23/64 dev eth1
wait_for 30 grep "SAs go between .*2001:db8:1:2::24" /run/modswan/run/pluto.log
assert_eq "IKE SAs" "$(ipsec status | grep -c 'newest ISAKMP;')" 1
ipsec eroute | assert_match - '192.0.2.0/24.*-> +10.9.0.10/32'
