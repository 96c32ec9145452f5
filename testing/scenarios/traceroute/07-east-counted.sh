[ "${family:-4}" = 4 ] || exit 0
n=$(ipsec klipsdebug --counters | awk '$1 == "out_icmp_quote" { print $2 }')
assert_ge "ICMP errors sent by what they quote" "$n" 1
