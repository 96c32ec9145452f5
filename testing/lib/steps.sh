# SPDX-License-Identifier: Apache-2.0
# Sourced by lib/step: the words that steps are written in. Every word succeeds or fails; a failure
# ends the step and with it the scenario. Environment: host (where we are), world, scenario (its
# folder), stage, and the variables of the scenario's variant.
. "$top/testing/lib/common.sh"
. "$top/testing/lib/world.sh"

confdir=/run/modswan/etc
rundir=/run/modswan/run
PATH=$stage/sbin:$PATH

fail() {
	printf 'FAILED: %s\n' "$*" >&2
	exit 1
}

# For what this machine lacks, never for what does not work.
skip() {
	printf '%s\n' "$*" >"$world/skipped"
	exit 77
}

# wait_for SECONDS COMMAND...: until it succeeds; its last output is shown if it never does.
wait_for() {
	local seconds=$1 end=$((SECONDS + $1)) out
	shift
	until out=$("$@" 2>&1); do
		[ $SECONDS -lt $end ] || fail "not within $seconds s: $*"$'\n'"$out"
		sleep 0.1
	done
}

# must_fail COMMAND...: succeeds if the command does not; its output goes to stdout.
must_fail() {
	if ("$@") 2>&1; then
		fail "succeeded, but should not: $*"
	fi
}

# matches FILE REGEX: a line of FILE ("-": stdin) matches the extended regular expression.
assert_match() {
	local text
	text=$(cat -- "$1")
	grep -Eq -- "$2" <<<"$text" || fail "no line of $1 matches /$2/:"$'\n'"$text"
}

assert_no_match() {
	local text
	text=$(cat -- "$1")
	! grep -Eq -- "$2" <<<"$text" || fail "a line of $1 matches /$2/:"$'\n'"$text"
}

# assert_ge WHAT NUMBER LEAST
assert_ge() {
	echo "$1: $2 (at least $3)"
	[ "$2" -ge "$3" ] || fail "$1: $2, expected at least $3"
}

assert_eq() {
	echo "$1: $2"
	[ "$2" = "$3" ] || fail "$1: '$2', expected '$3'"
}

# --- traffic ------------------------------------------------------------------------------------

# The payload of every ping: "ModSwan!", to be looked for on the wire.
marker=4d6f645377616e21

# ping_counted COUNT SECONDS WORD...: what ping says, and how many of the first COUNT requests were
# answered. After its last request ping waits no longer than for two answers or one interval, which is
# too short on a busy machine. With a deadline it waits for as many answers, and goes on asking
# meanwhile: those requests do not count.
ping_counted() {
	local count=$1 seconds=$2
	shift 2
	{ ping -n -w "$seconds" -c "$count" "$@" 2>&1 || true; } | awk -v count="$count" '
		/packets transmitted|^rtt / { next }
		{ print }
		/ bytes from / && match($0, /icmp_seq=[0-9]+/) {
			n = substr($0, RSTART + 9, RLENGTH - 9) + 0
			if (n <= count && !seen[n]++)
				answered++
		}
		END { print count " sent, " answered + 0 " received" }'
}

# ping_ok ADDRESS [COUNT [FROM]]: every one of COUNT (5) echo requests is answered.
ping_ok() {
	local count=${2:-5} from=${3:+-I $3} out
	# shellcheck disable=SC2086
	out=$(ping_counted "$count" 10 -i 0.1 $from -p $marker "$1")
	grep "^$count sent, $count received$" <<<"$out" || fail "ping $1:"$'\n'"$out"
}

# no_gap FILE LEAST: what a ping that was ended writes there. All requests up to the last one that was
# answered were, LEAST of them.
no_gap() {
	sed -nE 's/^[0-9]+ bytes from .* icmp_seq=([0-9]+) .*/\1/p' "$1" | sort -nu |
		awk -v least="$2" '$1 != NR { print "none for " NR; exit }
			END { print NR " answered"; exit NR < least || $1 != NR }'
}

# ping_fails ADDRESS: none of three is.
ping_fails() {
	local out
	out=$(ping -n -i 0.2 -W 1 -c 3 -p $marker "$1" 2>&1) &&
		fail "ping $1 is answered:"$'\n'"$out"
	grep -q ' 0 received' <<<"$out" || fail "ping $1:"$'\n'"$out"
	grep 'packets transmitted' <<<"$out"
}

# serve_bytes ADDRESS: takes transfers on port 5001, in the background.
serve_bytes() {
	python3 "$top/testing/lib/transfer.py" serve "$1" 5001 >"/run/modswan/serve.log" 2>&1 &
	wait_for 20 grep -q ready /run/modswan/serve.log
}

# send_bytes ADDRESS MEGABYTES: over TCP; the receiver's checksum must be the sender's.
send_bytes() {
	python3 "$top/testing/lib/transfer.py" send "$1" 5001 "$2"
}

# ping_sized OCTETS do|dont ADDRESS: three pings in IP packets of that length, DF set or not; shows what
# ping says and never fails.
ping_sized() {
	local octets=$1 df=$2 address=$3 headers=28
	[[ $address != *:* ]] || headers=48
	ping_counted 3 3 -i 0.2 -M "$df" -s $((octets - headers)) "$address"
}

# say_as FROM TO TEXT: one datagram to port 5004.
say_as() {
	python3 - "$@" <<-'END'
		import socket, sys
		source, target, text = sys.argv[1:]
		family = socket.AF_INET6 if ":" in source else socket.AF_INET
		sock = socket.socket(family, socket.SOCK_DGRAM)
		sock.bind((source, 0))
		sock.sendto(text.encode(), (target, 5004))
	END
}

# hops_are TARGET ADDRESS...: what traceroute finds on the way, the target included. One probe each:
# systems answer but few.
hops_are() {
	local target=$1 version=-4
	shift
	[[ $target != *:* ]] || version=-6
	traceroute $version -n -q 1 -w 2 -N 1 "$target" | tee /run/way
	diff <(printf '%s\n' "$@") <(awk 'NR > 1 { print $2 }' /run/way)
}

# datagrams_serve ADDRESS: sends UDP of port 5002 back, in the background.
datagrams_serve() {
	python3 "$top/testing/lib/datagram.py" serve "$1" 5002 >/run/modswan/datagrams.log 2>&1 &
	wait_for 20 grep -q ready /run/modswan/datagrams.log
}

# datagram_df ADDRESS OCTETS, datagram_no_df: there and back, in an IP packet of that length.
datagram_df() {
	python3 "$top/testing/lib/datagram.py" ask "$1" 5002 df "$2"
}

datagram_no_df() {
	python3 "$top/testing/lib/datagram.py" ask "$1" 5002 no-df "$2"
}

# --- the wire (steps on the wire only) ------------------------------------------------------------

# capture_start NET: its packets go to NET.pcap in the world's folder, until capture_stop.
capture_start() {
	local file=$world/$1.pcap
	rm -f "$file" "$file.log"
	# -Z: Debian's tcpdump would give up root, which then cannot write here
	tcpdump -n -i "$1" -B 16384 -U --immediate-mode -Z root -w "$file" >"$file.log" 2>&1 </dev/null &
	echo $! >"$file.pid"
	wait_for 20 grep -q 'listening on' "$file.log"
}

capture_stop() {
	local file=$world/$1.pcap pid
	pid=$(cat "$file.pid")
	wait_for 20 capture_has_all "$pid" "$file.log"
	kill -INT "$pid"
	wait_for 20 gone "$pid"
	rm -f "$file.pid"
	! grep -q '[1-9][0-9]* packets dropped' "$file.log" || cat "$file.log"
}

# On SIGUSR1 it says "N packets captured, M packets received by filter": on a busy machine it has not
# yet read all that the kernel holds for it.
capture_has_all() {
	kill -USR1 "$1"
	sleep 0.2
	sed -nE 's/^.* ([0-9]+) packets? captured, ([0-9]+) packets? received.*/\1 \2/p' "$2" |
		tail -n 1 | { read -r captured received && [ "$captured" -ge "$received" ]; }
}

gone() {
	[ ! -d "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"
}

# capture_count NET FILTER
capture_count() {
	tcpdump -n -r "$world/$1.pcap" "$2" 2>/dev/null | wc -l
}

filter_esp='ip proto 50 or ip6 proto 50'
# UDP 4500 without the non-ESP marker of IKE (RFC 3948 s2.2), and not the one-octet keepalive (s2.3)
filter_natt='(ip proto 17 and port 4500 and udp[8:4] != 0 and udp[4:2] > 9) or
	(ip6 proto 17 and port 4500 and ip6[48:4] != 0 and ip6[44:2] > 9)'
# what two gateways may say to each other besides: IKE, and the neighbourhood's ARP, ND and MLD
filter_talk='arp or udp port 500 or udp port 4500 or
	(ip6 and (ip6[6] = 0 or (ip6[6] = 58 and ip6[40] >= 130)))'

# only_esp_on_wire NET LEAST [esp|natt|either]: the capture has at least LEAST ESP packets, raw or in
# UDP, none of the other kind, nothing else but IKE, and nowhere the marker of our pings.
only_esp_on_wire() {
	local net=$1 least=$2 kind=${3:-esp} esp natt other
	esp=$(capture_count "$net" "$filter_esp")
	natt=$(capture_count "$net" "$filter_natt")
	other=$(capture_count "$net" "not ($filter_esp) and not ($filter_talk)")
	echo "on $net: $esp ESP, $natt ESP in UDP, $other other packets"
	[ "$other" = 0 ] || {
		tcpdump -n -r "$world/$net.pcap" "not ($filter_esp) and not ($filter_talk)" 2>&1
		fail "$net carried $other packets that are neither ESP nor IKE"
	}
	if [ "$kind" = either ]; then
		[ $((esp + natt)) -ge "$least" ]
	elif [ "$kind" = esp ]; then
		[ "$esp" -ge "$least" ] && [ "$natt" = 0 ]
	else
		[ "$natt" -ge "$least" ] && [ "$esp" = 0 ]
	fi || fail "expected at least $least packets of $kind and none of the other kind"
	! marker_on "$net" || fail "the text of a ping went over $net in clear"
}

# marker_on NET: the capture shows the payload of a ping in clear.
marker_on() {
	LC_ALL=C grep -qaF 'ModSwan!ModSwan!' "$world/$1.pcap"
}

. "$top/testing/lib/certs.sh"
. "$top/testing/lib/steps-modswan.sh"
. "$top/testing/lib/steps-strongswan.sh"
. "$top/testing/lib/steps-peers.sh"
