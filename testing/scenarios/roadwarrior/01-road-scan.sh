# Somebody else's reading of our IKE_SA_INIT: ike-scan offers what nobody should take, and is told so.
[ "$server" = modswan ] || exit 0
ike-scan --ikev2 --retry=5 "$east_address" | tee /run/scan
assert_match /run/scan "^192\.1\.2\.23.*Notify message 14 \(NO_PROPOSAL_CHOSEN\)"
assert_match /run/scan '1 returned notify'
assert_no_match /run/scan '[Mm]alformed|[Uu]nknown|WARNING'
