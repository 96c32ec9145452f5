n=$(ipsec klipsdebug --counters | awk '$1 == "tcp_mss" { print $2 }')
assert_ge "SYNs changed" "$n" 2
