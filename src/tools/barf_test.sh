#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# No secret gets into a problem report; what it holds otherwise; the scripts' command lines.
set -u
top=$(cd "${srcdir:-.}" && pwd)
[ "$(id -u)" = 0 ] || { echo "a problem report is for the superuser"; exit 77; }
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
failed=0
complain() {
	failed=1
	echo "FAIL: $1"
}

mkdir -p "$dir/etc/ipsec.d/policies" "$dir/run" "$dir/exec"
cp "$top/src/tools/scripts/"* "$dir/exec/"
# of 2048 bits; its first nine characters may be shown
public=$({ printf '\001\003\245'; head -c 254 /dev/zero | tr '\0' U; printf '\253'; } | base64 -w 0)
start=$(echo "$public" | cut -c -9)
cat >"$dir/etc/ipsec.secrets" <<END
# a word
: PSK "the secret of all'; echo hacked; '"
192.0.2.1 @east: PSK 0sVGhpcyBpcyBzZWNyZXQgdG9v
: RSA	{
	# RSA 512 bits   east   Tue Mar  4 10:11:12 2003
	#pubkey=0s$public
	Modulus: 0xc0ffee01
	PublicExponent: 0x03
	PrivateExponent: 0xdeadbeef01
	Prime1: 0xdeadbeef02
	}
: RSA east.pem "a passphrase"
something 0xdeadbeef03 that nobody understands
END
cat >"$dir/etc/ipsec.conf" <<END
conn one
	leftrsasigkey=0s$public
	espenckey=0xdeadbeef04
	right=192.0.2.9
END
echo 192.0.2.0/24 >"$dir/etc/ipsec.d/policies/private"
IPSEC_EXECDIR=$dir/exec ./ipsec --confdir "$dir/etc" --rundir "$dir/run" barf --short >"$dir/out" 2>&1 ||
	complain "exit status $?"
for secret in 'secret of all' VGhpcyBpc deadbeef passphrase "$(echo "$public" | cut -c -12)" hacked c0ffee; do
	grep -q "$secret" "$dir/out" && complain "\"$secret\" is in the report"
done
for there in '^: PSK \[sums to [0-9a-f]*\.\.\.\]' "#pubkey=\[keyid $start\]" 'PrivateExponent: \[\.\.\.\]' \
	"leftrsasigkey=\[keyid $start\]" 'right=192.0.2.9' '^192.0.2.0/24' '^192.0.2.1 @east: PSK'; do
	grep -q "$there" "$dir/out" || complain "no \"$there\" in the report"
done
for section in version routes ipsec/status ipsec/conf ipsec/secrets ipsec/policies proc/net/dev logs date; do
	grep -qx "_* $section" "$dir/out" || complain "no section $section"
done
for option in '--maxlines 0' --maxlines=0; do
	# shellcheck disable=SC2086 # two words or one
	IPSEC_EXECDIR=$dir/exec ./ipsec barf $option 2>&1 | grep -q -e '--maxlines 0: a number from 1' ||
		complain "barf $option"
done
for script in barf look showdefaults; do
	IPSEC_EXECDIR=$dir/exec ./ipsec "$script" --nonsense >"$dir/out" 2>&1
	[ $? = 2 ] || complain "$script --nonsense: not exit status 2"
	IPSEC_EXECDIR=$dir/exec ./ipsec "$script" --help | grep -q '^Usage: ipsec' || complain "$script --help"
done
exit $failed
