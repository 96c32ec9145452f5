capture_stop public
assert_ge "IPIP packets" "$(capture_count public 'ip proto 4')" 10
capture_start public
