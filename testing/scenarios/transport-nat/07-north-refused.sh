ipsec auto --up to-east | tee /run/up || true
assert_match /run/up 'TS_UNACCEPTABLE'
must_fail test -n "$(ipsec trafficstatus)"
