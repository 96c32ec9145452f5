# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # read by tests of klips' commands, from the build folder

set -u
if [ -z "${MS_NETNS:-}" ] && unshare -n true 2>/dev/null; then
	MS_NETNS=yes exec unshare -n "$0"
fi
ipsec=$PWD/ipsec
dir=$(mktemp -d) || exit 99
failed=0 checks=0 klips='' watcher='' other=''

finish() {
	trap - EXIT
	[ -z "$watcher" ] || kill "$watcher" 2>/dev/null
	[ -z "$klips" ] || kill "$klips" 2>/dev/null
	[ -z "$other" ] || ip netns delete "$other" 2>/dev/null
	wait
	rm -rf "$dir"
	echo "$checks checks, $failed failed"
	exit $((failed > 0))
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

complain() {
	failed=$((failed + 1))
	echo "FAIL: ipsec $words: $1"
	sed 's/^/	out: /' "$dir/out"
	sed 's/^/	err: /' "$dir/err"
}

# call STATUS WORD...
call() {
	local want=$1 got
	shift
	checks=$((checks + 1))
	words=$*
	"$ipsec" --rundir "$dir/run" "$@" >"$dir/out" 2>"$dir/err"
	got=$?
	[ $got -eq "$want" ] || complain "exit status $got, not $want"
}

out() { checks=$((checks + 1)); grep -qE -e "$1" "$dir/out" || complain "no \"$1\" on stdout"; }
no_out() { checks=$((checks + 1)); ! grep -qE -e "$1" "$dir/out" || complain "\"$1\" on stdout"; }
err() { checks=$((checks + 1)); grep -qF -e "$1" "$dir/err" || complain "no \"$1\" on stderr"; }
silent() { checks=$((checks + 1)); [ ! -s "$dir/out" ] && [ ! -s "$dir/err" ] || complain "words"; }
# refused TEXT WORD...: status 1, nothing on stdout
refused() {
	local text=$1
	shift
	call 1 "$@"
	err "$text"
	[ ! -s "$dir/out" ] || complain "words on stdout"
}

done_() { call 0 "$@"; silent; }
key16=0x000102030405060708090a0b0c0d0e0f
key20=0x000102030405060708090a0b0c0d0e0f10111213

plugins=$PWD/src/plugins/crypto-openssl/.libs
# Can there be a klips?
klips_possible() {
	[ "$(id -u)" = 0 ] && [ -c /dev/net/tun ] && [ -x ./klips ] &&
		[ -e "$plugins/crypto-openssl.so" ] && [ -n "${MS_NETNS:-}" ]
}
# klips_start DIR [OPTION...]: in the background, its pid in $klips
klips_start() {
	local run=$1
	shift
	./klips --rundir "$run" --confdir "$dir" --plugindir "$plugins" --nofork --stderrlog "$@" \
		2>>"$dir/klips.log" &
	klips=$!
	wait_until [ -S "$run/klips.ctl" ]
}
wait_until() {
	for _ in $(seq 200); do
		"$@" && return
		sleep 0.05
	done
	false
}
klips_stop() {
	checks=$((checks + 1))
	kill "$klips"
	wait "$klips" || complain "klips ended with $?"
	klips=''
}

mkdir "$dir/run"
