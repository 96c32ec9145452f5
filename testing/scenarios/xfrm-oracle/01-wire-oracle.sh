# seconds: 600
command -v linux.uml || skip "no guest kernel: the package user-mode-linux is not installed"
# address sanitizer's shadow does not fit into the guest's 39 bits of addresses
! grep -q __asan_init "$(command ipsec --directory)/klips" ||
	skip "programs with address sanitizer do not run in the guest"
mkdir "$world/guest"
"$top/testing/lib/guest" 580 "$world/guest" python3 -B "$top/testing/lib/xfrm_oracle.py" \
	"${pattern:-*}" "$(command ipsec --directory)/klips" >"$world/oracle.txt" ||
	{ grep -v '^ok ' "$world/oracle.txt"; cat "$world/guest/klips.log"; fail "the oracle says no"; }
tail -n 3 "$world/oracle.txt"
