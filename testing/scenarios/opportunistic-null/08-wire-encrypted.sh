capture_stop public
assert_eq "clear pings" "$(capture_count public 'icmp')" 0
west='ip proto 50 and host 192.1.2.45'
assert_ge "ESP between west and east" "$(capture_count public "$west and host 192.1.2.23")" 17
assert_ge "ESP between west and north" "$(capture_count public "$west and host 192.1.3.33")" 10
