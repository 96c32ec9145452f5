#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The skeleton from the outside: its source alone, compiled with what `pkg-config modswan` says of an
# installed tree, is loaded, takes its setting and works; with a wrong setting it is refused.
set -u
top=$(cd "$(dirname "$0")/../../.." && pwd) build=$PWD
load=$build/src/plugins/skeleton/skeleton_test
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
failed=0

complain() {
	failed=1
	echo "FAIL: $1"
	sed 's/^/	/' "$dir/out"
}

# the library and its headers, as `make install` puts them
${MAKE:-make} -s DESTDIR="$dir/root" install-libLTLIBRARIES install-pkgincludeHEADERS \
	install-pkgconfigDATA >"$dir/out" 2>&1 || {
	complain 'cannot install'
	exit 1
}
pc=$(find "$dir/root" -name modswan.pc)
export PKG_CONFIG_PATH="${pc%/*}" PKG_CONFIG_SYSROOT_DIR="$dir/root"
# nothing of the source tree is within reach but this file
mkdir "$dir/src" "$dir/plugins" "$dir/etc" "$dir/etc/modswan"
cp "$top/src/plugins/skeleton/skeleton.c" "$dir/src"
cd "$dir/src" || exit 99
cc=$(sed -n 's/^CC = //p' "$build/Makefile")
# shellcheck disable=SC2046,SC2086 # lists of words
$cc -std=c11 -Wall -Wextra -Werror -shared -fPIC -o "$dir/plugins/skeleton.so" skeleton.c \
	$(pkg-config --cflags --libs modswan) >"$dir/out" 2>&1 || {
	complain 'does not compile out of the tree'
	exit 1
}

says() {
	grep -qxF "$1" "$dir/out" || complain "no line \"$1\""
}

"$load" "$dir/etc" "$dir/plugins" 5 >"$dir/out" 2>&1 || complain 'is not loaded'
abi=$(sed -nE 's/^#define MS_PLUGIN_ABI ([0-9]+)u$/\1/p' "$top/include/modswan/plugin.h")
says "skeleton: loaded, ABI $abi"
says 'skeleton: hook:skeleton on'
says 'log: skeleton: "net1": unroute, step 3'
says 'log: skeleton: 5 steps seen'

echo 'every = 2;' >"$dir/etc/modswan/skeleton.conf"
"$load" "$dir/etc" "$dir/plugins" 5 >"$dir/out" 2>&1 || complain 'is not loaded with a setting'
says 'log: skeleton: "net1": route, step 2'
grep -q 'step 3' "$dir/out" && complain 'the setting has no effect'

echo 'every = 0;' >"$dir/etc/modswan/skeleton.conf"
"$load" "$dir/etc" "$dir/plugins" 5 >"$dir/out" 2>&1 && complain 'takes a wrong setting'
grep -q 'skeleton.conf:1:.*every' "$dir/out" || complain 'does not name the wrong setting'

exit $failed
