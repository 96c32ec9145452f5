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
assert_match - '1 members came, 1 went, there are 3' <<<"$out"
assert_eq "members of clear" "$(ipsec status | grep -c '"clear#')" $((before + 1))
wait_for 10 eroute_is 192.1.2.45/32 192.1.2.23/32 %pass
ping_ok 192.1.2.23 2
# nobody says a word: the file is watched
echo "192.1.2.23/32 tcp 0 22" >block
wait_for 10 eroute_is 192.1.2.45/32 192.1.2.23/32:22 %reject
eroute_is 192.1.2.45/32 192.1.2.23/32 %pass
rm block
wait_for 10 eroute_is_not 192.1.2.45/32 192.1.2.23/32:22
eroute_is 192.0.1.0/24 198.51.100.0/24 %reject
