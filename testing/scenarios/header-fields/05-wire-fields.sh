capture_stop public
# field EXPRESSION WANTED: octets of ESP packets from west, as tshark reads them
if [ "${family:-4}" = 4 ]; then field=ip.dsfield version=ip; else field=ipv6.tclass version=ipv6; fi
tshark -r "$world/public.pcap" -Y "esp && $version.src == $west_address" -T fields -e $field 2>/dev/null |
	sort -u >"$world/fields"
cat "$world/fields"
assert_eq "traffic classes outside" "$(printf '%d\n' $(cat "$world/fields"))" "$(printf '%d' $outer)"
