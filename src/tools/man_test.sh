#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Manual pages against programs: every option in a page exists, every option that a command lists is
# in its page, every page that is pointed to is there, and groff finds nothing wrong.
top=$(cd "${srcdir:-.}" && pwd)
failed=0
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT

complain() {
	failed=1
	echo "FAIL: $1"
}

# page NAME.SECTION: the file, generated or not.
page() {
	if [ -e "man/$1" ]; then echo "man/$1"; else echo "$top/man/$1"; fi
}

# Options that a page names: "Fl Fl NAME", also several with bars between them.
named() {
	awk '{
		for (i = 1; i <= NF; i++) {
			if ($i == "Fl" && $(i + 1) == "Fl") {
				i += 2
				print $i
				while ($(i + 1) == "|" && $(i + 2) ~ /^[a-z]/)
					print $(i += 2)
			}
		}
	}' "$1" | grep '^[a-z]' | sort -u
}

# Those that a program knows.
known() {
	case $1 in
	ipsec) ./ipsec --options ;;
	pluto | klips) [ ! -x "./$1" ] || "./$1" --help ;;
	_updown) ;;
	barf | look | showdefaults) "$top/src/tools/scripts/$1" --help ;;
	*) ./ipsec "$1" --options ;;
	esac | grep -o -e '--[a-z0-9][a-z0-9_-]*' | sed 's/^--//' | sort -u
}

# Those that it shows.
listed() {
	case $1 in
	pluto | klips | ipsec | _updown | barf | look | showdefaults) known "$1" ;;
	*) ./ipsec "$1" --options | grep -v '(hidden)' | sed 's/^--//; s/ .*//' | sort -u ;;
	esac
}

# The program's own list of what it can do.
commands=$(./ipsec --options mdoc | sed -n 's/^\.It Cm \([a-z_-]*\).*/\1/p')
[ "$(echo "$commands" | wc -l)" -gt 30 ] || complain 'too few commands were found'
for c in $commands ipsec pluto klips; do known "$c"; done | sort -u >"$dir/all"

check() {
	f=$(page "$2")
	if [ ! -e "$f" ]; then
		complain "there is no page $2"
		return
	fi
	named "$f" >"$dir/named"
	grep -q '@@' "$f" && complain "$2: a line between at signs is left"
	for o in $(comm -23 "$dir/named" "$dir/all"); do
		case $o in debug- | impair-) continue ;; esac
		complain "$2 names --$o, which there is not"
	done
	listed "$1" >"$dir/listed"
	for o in $(comm -13 "$dir/named" "$dir/listed"); do
		complain "$2 does not name --$o"
	done
}

check ipsec ipsec.8
check pluto pluto.8
check klips klips.8
check _updown ipsec__updown.8
for c in $commands; do
	case $c in
	showstates | briefstatus | shuntstatus | addresspoolstatus) check "$c" ipsec_status.8 ;;
	start | stop | restart | force-reload) check "$c" ipsec_setup.8 ;;
	*)
		# What is told in ipsec(8) alone has no options of its own.
		own=$(listed "$c" | grep -v -x -e help -e version)
		if [ -n "$own" ] || [ -e "$(page "ipsec_$c.8")" ]; then
			check "$c" "ipsec_$c.8"
		fi
		;;
	esac
done

# The environment is that of the hook.
f=$(page ipsec__updown.8)
grep -o 'PLUTO_[A-Z_%s]*' "$top/src/plugins/hook-updown/env.c" | grep -v '_$' |
	awk '/%s/ { my = $0; sub("%s", "MY", my); print my; sub("%s", "PEER") } { print }' |
	sort -u >"$dir/variables"
while read -r v; do
	grep -q "$v\\>" "$f" || complain "ipsec__updown.8 does not name $v"
done <"$dir/variables"
[ "$(wc -l <"$dir/variables")" -gt 30 ] || complain 'too few variables were found'

# Pages of ours that are pointed to are there.
for f in "$top"/man/*.[1-8] "$top"/man/*.in; do
	sed -n 's/^\.Xr \([^ ]*\) \([0-9]\).*/\1.\2/p' "$f" | sort -u >"$dir/pointers"
	while read -r to; do
		[ -e "$top/man/$to" ] || [ -e "$top/man/$to.in" ] ||
			complain "${f##*/} points to $to, which there is not"
	done <"$dir/pointers"
done

if command -v groff >/dev/null; then
	for f in man/*.[1-8] "$top"/man/*.[1-8]; do
		[ -e "$f" ] || continue
		groff -mdoc -Tutf8 -ww -b -z "$f" >"$dir/groff" 2>&1
		[ ! -s "$dir/groff" ] || complain "groff has something to say about $f: $(cat "$dir/groff")"
	done
fi
exit $failed
