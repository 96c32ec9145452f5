capture_stop public
ah='ip proto 51 or ip6 proto 51'
assert_ge "packets of AH" "$(capture_count public "$ah")" 50
assert_eq "other packets" "$(capture_count public "not ($ah) and not ($filter_talk)")" 0
marker_on public || fail "AH does not hide what a ping says"
