#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two klips with several workers each: many streams over several SAs and over one, raw and in UDP,
# then more than they can carry.  What comes through is compared, what is lost must have a reason,
# and memory must not grow.
# Run from the build folder; needs root, /dev/net/tun, ip and python3, else it is skipped.
#	klips_load_test.sh [WORKERS...]		2 and 4 by default
set -u
here=$(cd "$(dirname "$0")" && pwd)
[ "$(id -u)" = 0 ] && [ -c /dev/net/tun ] && [ -x ./klips ] || exit 77
for tool in ip python3 ping; do command -v $tool >/dev/null || exit 77; done
plugins=$PWD/src/plugins/crypto-openssl/.libs
[ -e "$plugins/crypto-openssl.so" ] || exit 77
dir=$(mktemp -d /tmp/klips-load.XXXXXX)
printf 'race:liburcu-%s.so\n' qsbr cds common >"$dir/races"
export TSAN_OPTIONS=suppressions=$dir/races
a=klips-la-$$ b=klips-lb-$$
pids=() failed=0 octets=${KLIPS_LOAD_OCTETS:-10000000}
# a sanitizer's own memory is not ours to bound
rss_limit=${KLIPS_LOAD_RSS:-65536}
key=0x000102030405060708090a0b0c0d0e0f10111213
SAS=4

cleanup() {
	for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done
	wait 2>/dev/null
	ip netns del "$a" 2>/dev/null
	ip netns del "$b" 2>/dev/null
}
trap 'cleanup; rm -rf "$dir"' EXIT
if ! ip netns add "$a" 2>/dev/null || ! ip netns add "$b"; then exit 77; fi
ip netns del "$a"
ip netns del "$b"

# check TEXT COMMAND...
check() {
	local text=$1
	shift
	"$@" >"$dir/out" 2>&1 && echo "ok: $text" && return
	echo "FAILED: $text"
	failed=1
	sed 's/^/    /' "$dir/out"
}
on() { local n=$1; shift; ip netns exec "$n" "$@"; }
tool() { on "$1" python3 "$here/ns_test.py" "${@:2}"; }
inject() { on "$1" src/klips/inject "$dir/$1/klips.sock" "${@:2}" >>"$dir/inject.log" 2>&1; }
counter() { tool "$1" list "$dir/$1/klips.ctl" counters | awk -v n="$2" '$1 == n { print $2 }'; }
wait_for() { for _ in $(seq 200); do "$@" >/dev/null 2>&1 && return 0; sleep 0.05; done; return 1; }

host() { # NAME NUMBER OTHER WORKERS
	ip -n "$1" link set lo up
	ip -n "$1" addr add "192.0.2.$2/24" dev eth1
	ip -n "$1" link set eth1 up
	for i in $(seq $SAS); do ip -n "$1" addr add "10.$2.0.$i/32" dev lo; done
	mkdir -p "$dir/$1"
	ip netns exec "$1" ./klips --rundir "$dir/$1" --confdir "$dir" --plugindir "$plugins" --workers "$4" \
		--nofork --stderrlog 2>>"$dir/$1.log" &
	pids+=($!)
	wait_for test -S "$dir/$1/klips.ctl" || { cat "$dir/$1.log"; exit 1; }
	inject "$1" attach eth1
	inject "$1" encap "192.0.2.$2" 4500
	for i in $(seq $SAS); do ip -n "$1" route add "10.$3.0.$i/32" dev ipsec0 src "10.$2.0.$i"; done
}

# one_way FROM TO NUMBER OTHER I: SA I of a direction; every second one in UDP
one_way() {
	local from=$1 to=$2 src=192.0.2.$3 dst=192.0.2.$4 spi=$((0x1000 * $3 + $5)) ports=()
	local nets=("10.$3.0.$5/32" "10.$4.0.$5/32")
	[ $(($5 % 2)) = 0 ] && ports=(4500 4500)
	inject "$from" tunnel out "$src" "$dst" $spi 20 $key - - "${nets[@]}" "${ports[@]}" &&
		inject "$to" tunnel in "$src" "$dst" $spi 20 $key - - "${nets[@]}" "${ports[@]}" &&
		inject "$from" flow "${nets[@]}" "esp.$(printf %x $spi)@$dst"
}

# stream FROM TO ADDRESS PORT: so many octets, compared by digest
stream() {
	local name="$dir/digest-$2-$3-$4"
	tool "$2" tcp-serve "$3" "$4" >"$name" &
	local server=$!
	wait_for sh -c "ip netns exec $2 ss -ltn 2>/dev/null | grep -q ':$4 '"
	timeout 100 ip netns exec "$1" python3 "$here/ns_test.py" tcp-send "$3" "$4" "$octets" >"$name.sent"
	wait "$server"
	[ -s "$name" ] && cmp -s "$name" "$name.sent"
}

all_of() { local p r=0; for p in "$@"; do wait "$p" || r=1; done; return $r; }

streams_each() { # over every SA, both ways at once
	local jobs=()
	for i in $(seq $SAS); do
		stream "$a" "$b" "10.2.0.$i" 5001 & jobs+=($!)
		stream "$b" "$a" "10.1.0.$i" 5001 & jobs+=($!)
	done
	all_of "${jobs[@]}"
}

streams_one() { # SA: several flows, each perhaps another worker's
	local jobs=()
	for port in 5011 5012 5013 5014; do stream "$a" "$b" "10.2.0.$1" $port & jobs+=($!); done
	all_of "${jobs[@]}"
}

few_replays() { # what one worker's packets lost to another's
	local got lost
	for h in "$a" "$b"; do
		got=$(counter "$h" in_read) lost=$(counter "$h" in_replay)
		echo "$h: $lost of $got"
		[ "$got" -gt 1000 ] && [ $((lost * 200)) -le "$got" ] || return 1
	done
}

small() { # KILOBYTES: the most that a klips ever had resident
	local p
	for p in "${pids[@]}"; do
		awk -v m="$1" '/VmHWM/ { print; exit $2 > m }' "/proc/$p/status" || return 1
	done
}

with() { # WORKERS
	failed_before=$failed
	ip netns add "$a"
	ip netns add "$b"
	ip -n "$a" link add eth1 type veth peer name eth1 netns "$b"
	host "$a" 1 2 "$1"
	host "$b" 2 1 "$1"
	for i in $(seq $SAS); do
		check "$1 workers: SA $i" one_way "$a" "$b" 1 2 "$i"
		check "$1 workers: SA $i, back" one_way "$b" "$a" 2 1 "$i"
	done
	check "$1 workers: streams over all SAs" streams_each
	check "$1 workers: streams over one SA" streams_one 1
	check "$1 workers: streams over one SA in UDP" streams_one 2
	check "$1 workers: hardly anything overtaken" few_replays
	check "$1 workers: super-packets out" test "$(counter "$a" out_super)" -gt 10
	check "$1 workers: super-packets in" test "$(counter "$b" in_super)" -gt 10
	check "$1 workers: none damaged" test "$(counter "$b" in_auth)" = 0

	# small packets, from several senders, and junk on the wire; others must still get through
	for port in 7 8 9; do
		ip netns exec "$a" python3 "$here/ns_test.py" flood 10.2.0.1 $port 8 64 &
		pids+=($!)
	done
	ip netns exec "$a" python3 "$here/ns_test.py" junk 192.0.2.2 0x1003 8 &
	pids+=($!)
	sleep 0.5
	check "$1 workers: flood: the other way" stream "$b" "$a" 10.1.0.3 5021
	check "$1 workers: flood: the same way" stream "$a" "$b" 10.2.0.4 5022
	check "$1 workers: flood: the flood itself" test "$(counter "$b" in_delivered)" -gt 1000
	check "$1 workers: flood: junk refused" test "$(counter "$b" in_auth)" -gt 100
	pids=("${pids[@]:0:2}")
	check "$1 workers: memory" small "$rss_limit"
	check "$1 workers: ends" kill "${pids[@]}"
	for p in "${pids[@]}"; do check "$1 workers: exit status" wait "$p"; done
	pids=()
	wait
	[ $failed = "$failed_before" ] || cat "$dir/$a.log" "$dir/$b.log"
	ip netns del "$a"
	ip netns del "$b"
}

if [ $# = 0 ]; then set -- 2 4; fi
for workers in "$@"; do with "$workers"; done
if grep -E "ERROR|WARNING: ThreadSanitizer|runtime error" "$dir/$a.log" "$dir/$b.log"; then
	cat "$dir/$a.log" "$dir/$b.log"
	failed=1
fi
exit $failed
