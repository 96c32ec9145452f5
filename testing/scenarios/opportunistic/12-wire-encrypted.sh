capture_stop public
west='ip proto 50 and host 192.1.2.45'
assert_eq "clear pings of west's net" "$(capture_count public 'icmp and net 192.0.1.0/24')" 0
assert_eq "clear pings to east" "$(capture_count public 'icmp and host 192.1.2.23')" 0
assert_eq "clear pings to north" "$(capture_count public 'icmp and host 192.1.3.33')" 0
assert_eq "clear pings to east by IPv6" "$(capture_count public 'icmp6 and ip6[40] == 128')" 0
assert_ge "ESP by IPv6" "$(capture_count public 'ip6 proto 50')" 10
assert_ge "ESP between west and north" "$(capture_count public "$west and host 192.1.3.33")" 10
assert_ge "ESP between west and east" "$(capture_count public "$west and host 192.1.2.23")" 10
