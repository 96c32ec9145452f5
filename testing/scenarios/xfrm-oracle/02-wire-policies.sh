# seconds: 120
# what ipsec policy shows of the kernel's own
mkdir "$world/guest2"
cat >"$world/policies" <<'END'
exec 2>&1
ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x1234 reqid 7 mode tunnel \
	aead 'rfc4106(gcm(aes))' 0x000102030405060708090a0b0c0d0e0f10111213 128
ip xfrm policy add src 10.1.0.0/24 dst 10.2.0.0/24 dir out \
	tmpl src 192.0.2.1 dst 192.0.2.2 proto esp reqid 7 mode tunnel
"$1" --rundir /run/none policy --detect-stack
"$1" --rundir /run/none policy
END
"$top/testing/lib/guest" 100 "$world/guest2" dash "$world/policies" "$(command -v -- "$stage/sbin/ipsec")" |
	tee "$world/policies.txt"
assert_match "$world/policies.txt" '^netkey$'
assert_match "$world/policies.txt" \
	'^out 10\.1\.0\.0/24:0 +-> 10\.2\.0\.0/24:0 +=> tun@192\.0\.2\.2 esp0x1234@192\.0\.2\.2$'
