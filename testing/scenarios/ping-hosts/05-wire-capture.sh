capture_stop public
marker_on public || fail "the capture does not show a ping's text"
assert_ge "echo requests to east" "$(capture_count public 'icmp[0] = 8 and dst 192.1.2.23')" 5
must_fail only_esp_on_wire public 0
