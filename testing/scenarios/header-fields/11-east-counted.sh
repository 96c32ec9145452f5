n=$(ipsec klipsdebug --counters | awk '$1 == "in_ecn" { print $2 }')
assert_ge "packets dropped for their mark" "$n" 3
