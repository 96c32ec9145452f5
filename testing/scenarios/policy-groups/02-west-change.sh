cd $confdir/ipsec.d/policies
before=$(ipsec status | grep -c '"clear#')
# from one group to another, and lines that are wrong
echo "192.1.2.300" >>clear
echo "192.1.2.23" >>clear
echo "192.1.2.254 # already clear" >block
out=$(ipsec auto --rereadgroups)
echo "$out"
assert_match - 'loading group "/run/modswan/etc/ipsec.d/policies/clear"' <<<"$out"
assert_match - '"/run/modswan/etc/ipsec.d/policies/clear" line 3: "192.1.2.300": expected' <<<"$out"
assert_match - '/policies/block" line 1: subnet "192.1.2.254/32", source 192.1.2.45/32, already "clear"' <<<"$out"
# whoever watches the files may have been faster
assert_match - '(1 members came, 1 went|0 members came, 0 went), there are 3' <<<"$out"
assert_eq "members of clear" "$(ipsec status | grep -c '"clear#')" $((before + 1))
wait_for 10 eroute_is 192.1.2.45/32 192.1.2.23/32 %pass
ping_ok 192.1.2.23 2
# nobody says a word: the file is watched
echo "192.1.2.23/32 tcp 0 22" >block
wait_for 10 eroute_is 192.1.2.45/32 192.1.2.23/32:22 %reject
eroute_is 192.1.2.45/32 192.1.2.23/32 %pass
# a range is as many eroutes as it takes networks; IPv6 counts from its default route on
ip -6 route replace default via 2001:db8:1:2::254 dev eth1
printf '%s\n' 192.1.2.65-192.1.2.70 2001:db8:1:2::254 >>clear
for net in 192.1.2.65/32 192.1.2.66/31 192.1.2.68/31 192.1.2.70/32; do
	wait_for 10 eroute_is 192.1.2.45/32 $net %pass
done
wait_for 10 eroute_is 2001:db8:1:2::45/128 2001:db8:1:2::254/128 %pass
# a member that is to be refused needs a route of its own; many of them are one command
seq -f '203.0.113.%g' 1 100 >>block
wait_for 20 eroute_is 192.1.2.45/32 203.0.113.100/32 %reject
assert_eq "routes of block" "$(ip route show dev ipsec0 | grep -c '^203')" 100
ping_fails 203.0.113.50
rm block
wait_for 20 eroute_is_not 192.1.2.45/32 203.0.113.100/32
wait_for 20 sh -c '! ip route show dev ipsec0 | grep ^203'
wait_for 10 eroute_is_not 192.1.2.45/32 192.1.2.23/32:22
eroute_is 192.0.1.0/24 198.51.100.0/24 %reject
