capture_stop public
assert_ge "IPIP packets" "$(capture_count public 'ip proto 4')" 6
assert_ge "IPComp packets" "$(capture_count public 'ip proto 108')" 6
