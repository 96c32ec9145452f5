wait_for 20 grep -q '5 packets captured' /run/modswan/seen.log
[ "${family:-4}" = 4 ] && field=ip.dsfield || field=ipv6.tclass
seen=$(tshark -r /run/modswan/seen.pcap -T fields -e $field 2>/dev/null | sort -u)
# CE in any case; DSCP 10 in place of 46 where that is wanted
[ $decap_dscp = yes ] && want=0x2b || want=0xbb
assert_eq "traffic classes inside" "$(printf '%d\n' $seen)" "$(printf '%d' $want)"
