ipsec eroute | sed 's/^[0-9]* *//' >/run/eroutes
ipsec eroute --clear
assert_eq "eroutes" "$(ipsec eroute)" ""
ipsec eroute --restore /run/eroutes
diff /run/eroutes <(ipsec eroute | sed 's/^[0-9]* *//')
