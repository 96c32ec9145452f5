#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The sample files in conf.d/ are what the key tables say, each can be read, and the manual pages
# name every keyword and no other.
top=${srcdir:-.}
confgen=src/lib/conf/confgen
out=$(mktemp -d) || exit 99
trap 'rm -rf "$out"' EXIT
failed=0

# shellcheck disable=SC2086
$confgen samples "$out" $CONFGEN_FOLDERS || exit 1
for file in "$out"/*.conf; do
	diff -u "$top/conf.d/${file##*/}" "$file" || failed=1
done
for file in "$top"/conf.d/*.conf; do
	name=$(basename "$file" .conf)
	if [ "$name" != modswan ] && [ ! -d "$top/src/plugins/$name" ]; then
		echo "$file: there is no such plugin"
		failed=1
	fi
done
for page in man/ipsec.conf.5 man/ipsec.secrets.5 man/modswan.conf.5; do
	# shellcheck disable=SC2086
	$confgen check-man $page $CONFGEN_FOLDERS || failed=1
done
if [ $failed != 0 ]; then
	echo "make update-conf.d writes the samples anew"
fi
exit $failed
