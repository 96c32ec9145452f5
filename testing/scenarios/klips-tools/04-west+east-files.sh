# no traffic now: the files become what the commands show
same() { diff <(ipsec "$1") "$rundir/ipsec_$1" >/run/diff; }
for listing in eroute spigrp tncfg klipsdebug; do
	wait_for 15 same $listing || { cat /run/diff; fail "ipsec_$listing is not what ipsec $listing shows"; }
done
assert_match "$rundir/ipsec_version" '^ModSwan version: '
assert_match "$rundir/ipsec_spi" '^esp0x20[23]@.* ESP_AES_CBC_HMAC_SHA1: '
assert_match "$rundir/pf_key_supported" '^ +3 +15 +12 +128 +128 +128$'
assert_eq "mode" "$(stat -c %a "$rundir/ipsec_eroute")" 400
