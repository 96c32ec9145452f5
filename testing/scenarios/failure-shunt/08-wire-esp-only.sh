capture_stop public
assert_eq "pings in clear" "$(capture_count public "icmp and net $west_net")" 0
assert_ge "ESP" "$(capture_count public 'ip proto 50')" 2
