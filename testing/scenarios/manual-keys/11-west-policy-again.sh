n=$(ipsec klipsdebug --counters | awk '$1 == "in_policy" { print $2 }')
assert_ge "packets that did not fit the policy" "$n" 3
ipsec eroute --addin --eraf $af --src $east_net --dst $west_net --said tun${dot}1001@$west_address
