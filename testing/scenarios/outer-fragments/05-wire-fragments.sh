capture_stop public
filter='ip[6:2] & 0x1fff != 0'
[ "${family:-4}" = 4 ] || filter='ip6[6] = 44'
assert_ge "fragments of ESP" "$(capture_count public "$filter")" 6
