#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two klips in two network namespaces with manual keys: traffic in every mode, and what the wire,
# the listings and an independent decoder (tshark, where it is installed) say about it.
# Run from the build folder; needs root, /dev/net/tun, ip and python3, else it is skipped.
set -u
here=$(cd "$(dirname "$0")" && pwd)
[ "$(id -u)" = 0 ] && [ -c /dev/net/tun ] && [ -x ./klips ] || exit 77
for tool in ip python3 ping; do command -v $tool >/dev/null || exit 77; done
plugins=$PWD/src/plugins/crypto-openssl/.libs
[ -e "$plugins/crypto-openssl.so" ] || exit 77
dir=$(mktemp -d /tmp/klips-ns.XXXXXX)
# liburcu is not built for the thread sanitizer: its own memory looks unordered
printf 'race:liburcu-%s.so\n' qsbr cds common >"$dir/races"
export TSAN_OPTIONS=suppressions=$dir/races
a=klips-a-$$ b=klips-b-$$
pids=() failed=0
read -ra options <<<"${KLIPS_TEST_OPTIONS:-}"

cleanup() {
	for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done
	wait 2>/dev/null
	ip netns del "$a" 2>/dev/null
	ip netns del "$b" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT
if ! ip netns add "$a" 2>/dev/null || ! ip netns add "$b"; then exit 77; fi

ok() { echo "ok: $1"; }
bad() { echo "FAILED: $1"; failed=1; }
# check TEXT COMMAND...
check() {
	local text=$1
	shift
	if "$@" >"$dir/out" 2>&1; then ok "$text"; else bad "$text"; sed 's/^/    /' "$dir/out"; fi
}
check_not() { local text=$1; shift; if "$@" >"$dir/out" 2>&1; then bad "$text"; else ok "$text"; fi; }
on() { local n=$1; shift; ip netns exec "$n" "$@"; }
tool() { on "$1" python3 "$here/ns_test.py" "${@:2}"; }
inject() { on "$1" src/klips/inject "$dir/$1/klips.sock" "${@:2}" >>"$dir/inject.log" 2>&1; }
list() { tool "$1" list "$dir/$1/klips.ctl" "$2"; }
counter() { list "$1" counters | awk -v n="$2" '$1 == n { print $2 }'; }
has() { list "$1" "$2" | grep -qE -- "$3"; }
capture_start() { tool "$a" capture eth1 "$1" & capture=$! captured=$1; wait_for test -s "$1"; }
capture_stop() { touch "$captured.end"; wait $capture; }
wait_for() { for _ in $(seq 100); do "$@" >/dev/null 2>&1 && return 0; sleep 0.05; done; return 1; }

# --- the two hosts --------------------------------------------------------------------------------
ip -n "$a" link add eth1 type veth peer name eth1 netns "$b" || exit 77
host() { # NAME NUMBER OTHER
	ip -n "$1" link set lo up
	ip -n "$1" addr add "192.0.2.$2/24" dev eth1
	ip -n "$1" addr add "2001:db8::$2/64" dev eth1 nodad
	ip -n "$1" addr add "10.$2.0.1/32" dev lo
	ip -n "$1" addr add "fd0$2::1/128" dev lo
	on "$1" sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
	ip -n "$1" link set eth1 up
	mkdir "$dir/$1"
	ip netns exec "$1" ./klips --rundir "$dir/$1" --confdir "$dir" --plugindir "$plugins" \
		--nofork --stderrlog "${options[@]}" 2>"$dir/$1.log" &
	pids+=($!)
	wait_for test -S "$dir/$1/klips.ctl" || { cat "$dir/$1.log"; exit 1; }
	inject "$1" attach eth1
	ip -n "$1" route add "10.$3.0.0/24" dev ipsec0 src "10.$2.0.1"
	ip -n "$1" route add "fd0$3::/64" dev ipsec0 src "fd0$2::1"
}
host "$a" 1 2
host "$b" 2 1
check "the device carries the address" sh -c "ip -n $a addr show dev ipsec0 | grep -q '192.0.2.1/32'"
check "tncfg" has "$a" tncfg '^ipsec0 -> eth1 mtu=1500\(1500\) -> 1500$'
check_not "no eroute: nothing passes" on "$a" ping -c 1 -W 1 10.2.0.1

key20=0x000102030405060708090a0b0c0d0e0f10111213
key36=0x000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f10111213
key16=0x000102030405060708090a0b0c0d0e0f
key32=0x000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f

# pair MODE SPI ENCR KEY INTEG KEY A B NETA NETB [PORT PORT]: both directions on both hosts
pair() {
	local mode=$1 spi=$2 alg=("${@:3:4}") A=$7 B=$8 na=$9 nb=${10} ports=("${@:11}")
	inject "$a" "$mode" out "$A" "$B" "$spi" "${alg[@]}" "$na" "$nb" "${ports[@]}" &&
		inject "$b" "$mode" in "$A" "$B" "$spi" "${alg[@]}" "$na" "$nb" "${ports[@]}" &&
		inject "$b" "$mode" out "$B" "$A" $((spi + 1)) "${alg[@]}" "$nb" "$na" "${ports[@]}" &&
		inject "$a" "$mode" in "$B" "$A" $((spi + 1)) "${alg[@]}" "$nb" "$na" "${ports[@]}" &&
		inject "$a" flow "$na" "$nb" "esp$(sep "$B")$(printf %x "$spi")@$B" &&
		inject "$b" flow "$nb" "$na" "esp$(sep "$A")$(printf %x $((spi + 1)))@$A"
}
sep() { case $1 in *:*) echo : ;; *) echo . ;; esac; }

# tcp ADDRESS: 20 MB, compared by digest
tcp() {
	on "$b" python3 "$here/ns_test.py" tcp-serve "$1" 5001 >"$dir/digest" &
	local server=$!
	sleep 0.3
	timeout 60 ip netns exec "$a" python3 "$here/ns_test.py" tcp-send "$1" 5001 20000000 >"$dir/sent"
	wait "$server"
	[ -s "$dir/digest" ] && cmp -s "$dir/digest" "$dir/sent"
}

# --- tunnels ----------------------------------------------------------------------------------------
capture_start "$dir/gcm.pcap"
check "AES-GCM: SAs" pair tunnel 0x1000 20 $key20 - - 192.0.2.1 192.0.2.2 10.1.0.0/24 10.2.0.0/24
check "AES-GCM: ping" on "$a" ping -c 5 -i 0.1 -W 2 10.2.0.1
check "AES-GCM: long ping" on "$a" ping -c 2 -i 0.1 -W 2 -s 4000 10.2.0.1
check "AES-GCM: TCP" tcp 10.2.0.1
check "eroute listing" has "$a" eroute \
	'^[1-9][0-9]* +10\.1\.0\.0/24:0      -> 10\.2\.0\.0/24:0      => tun0x1001@192\.0\.2\.2:0 \(\) \(\)$'
check "spigrp listing" has "$a" spigrp '^tun0x1001@192\.0\.2\.2 esp0x1000@192\.0\.2\.2 $'
check "spi listing" has "$a" spi '^esp0x1000@192\.0\.2\.2 ESP_AES_GCM_16: dir=out src=192\.0\.2\.1'
check "the device's MTU went down" has "$a" tncfg '^ipsec0 -> eth1 mtu=1446\(1446\) -> 1500$'
addresses() { on "$a" ip -o address show dev ipsec0 | grep -c ' 192\.0\.2\.'; }
addresses_are() { [ "$(addresses)" = "$1" ]; }
for i in $(seq 60 99); do echo "address add 192.0.2.$i/24 dev eth1"; done >"$dir/more"
on "$a" ip -batch "$dir/more"
check "it has any number of addresses" wait_for addresses_are 41
on "$a" ip -batch <(sed 's/ add / del /' "$dir/more")
check "and none that are no more" wait_for addresses_are 1
capture_stop
check "the wire carries ESP only" tool "$a" only-esp "$dir/gcm.pcap"
if command -v tshark >/dev/null; then
	sa() { printf 'uat:esp_sa:"IPv4","%s","%s","%s","AES-GCM with 16 octet ICV [RFC4106]","%s","NULL",""' "$@"; }
	tshark -r "$dir/gcm.pcap" -c 40 -o esp.enable_encryption_decode:TRUE \
		-o "$(sa 192.0.2.1 192.0.2.2 0x00001000 $key20)" \
		-o "$(sa 192.0.2.2 192.0.2.1 0x00001001 $key20)" >"$dir/tshark" 2>&1
	check "tshark decrypts requests" grep -q "10.1.0.1.*10.2.0.1.*Echo (ping) request" "$dir/tshark"
	check "tshark decrypts answers" grep -q "10.2.0.1.*10.1.0.1.*Echo (ping) reply" "$dir/tshark"
else
	echo "skipped: tshark is not installed"
fi
check_not "DF and too long: refused" on "$a" ping -c 1 -W 1 -M "do" -s 1440 10.2.0.1
check "DF and just fitting" on "$a" ping -c 1 -W 2 -M "do" -s 1418 10.2.0.1

before=$(counter "$b" in_replay)
check "old packets again" tool "$a" replay eth1 "$dir/gcm.pcap"
check "are all refused" test "$(counter $b in_replay)" -ge $((before + 5))

check "ChaCha20-Poly1305, IPv6 in IPv6: SAs" \
	pair tunnel 0x1100 28 $key36 - - 2001:db8::1 2001:db8::2 fd01::/64 fd02::/64
check "ChaCha20-Poly1305, IPv6 in IPv6: ping" on "$a" ping -c 3 -i 0.1 -W 2 fd02::1
check "IPv6 in IPv6: long ping" on "$a" ping -c 2 -i 0.1 -W 2 -s 3000 fd02::1
check "IPv6 in IPv6: TCP" tcp fd02::1
check "IPv4 in IPv6: SAs" \
	pair tunnel 0x1200 20 $key20 - - 2001:db8::1 2001:db8::2 10.1.0.0/24 10.2.0.0/24
check "IPv4 in IPv6: ping" on "$a" ping -c 3 -i 0.1 -W 2 10.2.0.1
check "IPv6 in IPv4: SAs" pair tunnel 0x1300 20 $key20 - - 192.0.2.1 192.0.2.2 fd01::/64 fd02::/64
check "IPv6 in IPv4: ping" on "$a" ping -c 3 -i 0.1 -W 2 fd02::1

# --- groups -------------------------------------------------------------------------------------------
# chain HOST in|out SPI SRC DST NETS... -- MEMBER...: SAs of these kinds, inner to outer, one group
chain() {
	local host=$1 way=$2 spi=$3 src=$4 dst=$5 na=$6 nb=$7 last="" kind s nets=("$6" "$7")
	s=$(sep "$dst")
	shift 7
	for kind; do
		local alg=(- - - -) name=$kind
		case $kind in
		ipip) name=tun ;;
		ah) alg=(- - 12 "$key32") ;;
		transport) alg=(20 "$key20" - -) name=esp ;;
		esac
		inject "$host" "$kind" "$way" "$src" "$dst" "$spi" "${alg[@]}" \
			"${nets[@]}" || return 1
		nets=(- -) # what is outside carries what is inside, from end point to end point
		name=$name$s$(printf %x "$spi")@$dst
		if [ -n "$last" ]; then inject "$host" group "$last" "$name" || return 1; fi
		last=$name
		spi=$((spi + 1))
	done
	[ "$way" = in ] || inject "$host" flow "$na" "$nb" "$last"
}
# groups SPI A B NETA NETB MEMBER...: both directions on both hosts
groups() {
	local spi=$1 A=$2 B=$3 na=$4 nb=$5
	shift 5
	chain "$a" out "$spi" "$A" "$B" "$na" "$nb" "$@" && chain "$b" in "$spi" "$A" "$B" "$na" "$nb" "$@" &&
		chain "$b" out $((spi + 16)) "$B" "$A" "$nb" "$na" "$@" &&
		chain "$a" in $((spi + 16)) "$B" "$A" "$nb" "$na" "$@"
}
capture_start "$dir/ah.pcap"
check "AH tunnel: SAs" groups 0x2000 192.0.2.1 192.0.2.2 10.1.0.0/24 10.2.0.0/24 ipip ah
check "AH tunnel: ping" on "$a" ping -c 3 -i 0.1 -W 2 10.2.0.1
check "AH tunnel: long ping" on "$a" ping -c 2 -i 0.1 -W 2 -s 4000 10.2.0.1
capture_stop
check "AH on the wire is right, said by other code" tool "$a" check-ah "$dir/ah.pcap" ${key32#0x} 6
check_not "AH with another key is not" tool "$a" check-ah "$dir/ah.pcap" ff${key32#0x??} 6
check "AH: TCP" tcp 10.2.0.1
check "AH: listing" has "$a" spi '^ah0x2001@192\.0\.2\.2 AH_HMAC_SHA2_256_128: dir=out'
capture_start "$dir/ah6.pcap"
check "AH, IPv6: SAs" groups 0x2100 2001:db8::1 2001:db8::2 fd01::/64 fd02::/64 ipip ah
check "AH, IPv6: ping" on "$a" ping -c 3 -i 0.1 -W 2 fd02::1
capture_stop
check "AH, IPv6: the wire" tool "$a" check-ah "$dir/ah6.pcap" ${key32#0x} 6
check "everything, IPv4: SAs" groups 0x2200 192.0.2.1 192.0.2.2 10.1.0.0/24 10.2.0.0/24 \
	ipip comp transport ah
check "everything: ping" on "$a" ping -c 3 -i 0.1 -W 2 10.2.0.1
check "everything: long ping" on "$a" ping -c 2 -i 0.1 -W 2 -s 4000 10.2.0.1
check "everything: TCP" tcp 10.2.0.1
check "everything: it was compressed" test "$(counter "$b" in_compressed)" -ge 4
check "everything: spigrp listing" has "$a" spigrp \
	'^tun0x2200@192\.0\.2\.2 comp0x2201@192\.0\.2\.2 esp0x2202@192\.0\.2\.2 ah0x2203@192\.0\.2\.2 $'
check "a tunnel in a tunnel, both in IPv6: SAs" groups 0x2300 2001:db8::1 2001:db8::2 \
	10.1.0.0/24 10.2.0.0/24 ipip comp transport ipip ah
check "a tunnel in a tunnel: ping" on "$a" ping -c 3 -i 0.1 -W 2 10.2.0.1
check_not "wrong order: refused" \
	chain "$a" out 0x2500 192.0.2.1 192.0.2.2 10.1.0.0/24 10.2.0.0/24 ah transport
check "wrong order: so it says" sh -c "tail -1 $dir/inject.log | grep -q 'refused: Invalid argument'"

# --- in UDP -------------------------------------------------------------------------------------------
check "encapsulation socket" inject "$a" encap 192.0.2.1 4500
check "encapsulation socket" inject "$b" encap 192.0.2.2 4500
check "the socket survives its maker" sh -c \
	"ip netns exec $a src/klips/inject $dir/$a/klips.sock encap-get 192.0.2.1 4500 | grep -q 'got 192.0.2.1:4500'"
check "AES-CBC with SHA2-256 in UDP: SAs" pair tunnel 0x1400 12 $key16 12 $key32 192.0.2.1 192.0.2.2 \
	10.1.0.0/24 10.2.0.0/24 4500 4500
check "in UDP: ping" on "$a" ping -c 3 -i 0.1 -W 2 10.2.0.1
check "in UDP: TCP" tcp 10.2.0.1
check "in UDP: listing" has "$a" spi 'natencap=nonesp natsport=4500 natdport=4500'

# --- transport, with a route to the peer itself through ipsec0 ----------------------------------------
ip -n "$a" route add 192.0.2.2/32 dev ipsec0 src 192.0.2.1
ip -n "$b" route add 192.0.2.1/32 dev ipsec0 src 192.0.2.2
check "transport: SAs" \
	pair transport 0x1500 20 $key20 - - 192.0.2.1 192.0.2.2 192.0.2.1/32 192.0.2.2/32
check "transport: ping" on "$a" ping -c 3 -i 0.1 -W 2 192.0.2.2
check "transport: TCP" tcp 192.0.2.2
check "in UDP beside it: ping" on "$a" ping -c 3 -i 0.1 -W 2 10.2.0.1
check "AH and ESP in transport: SAs" \
	groups 0x2400 192.0.2.1 192.0.2.2 192.0.2.1/32 192.0.2.2/32 comp transport ah
check "AH and ESP in transport: ping" on "$a" ping -c 3 -i 0.1 -W 2 -s 500 192.0.2.2
check "AH and ESP in transport: TCP" tcp 192.0.2.2
check "transport: IKE passes in clear" tool "$a" ike-through "$b" 192.0.2.1 192.0.2.2
check "pass" inject "$a" flow 192.0.2.1/32 192.0.2.2/32 %pass
check "pass" inject "$b" flow 192.0.2.2/32 192.0.2.1/32 %pass
check "pass: ping" on "$a" ping -c 3 -i 0.1 -W 2 192.0.2.2
check "pass: counted" test "$(counter $a out_pass)" -ge 3
check "reject" inject "$a" flow 192.0.2.1/32 192.0.2.2/32 %reject
check "reject: the sender is told" sh -c \
	"ip netns exec $a ping -c 1 -W 2 192.0.2.2 | grep -q -i 'filtered\|prohibited'"
check "reject: TCP is reset" sh -c "ip netns exec $a timeout 5 python3 -c '
import socket
try:
    socket.create_connection((\"192.0.2.2\", 25), 4)
except ConnectionRefusedError:
    print(\"refused\")' | grep -q refused"
check "reject: the reset is counted" test "$(counter $a reset_sent)" -ge 1
check "reject: and for its device" test "$(counter $a ipsec0:reset_sent)" = "$(counter $a reset_sent)"
check "ESP that came in is its device's" test "$(counter $b ipsec0:in_read)" -ge 100
check "drop" inject "$a" flow 192.0.2.1/32 192.0.2.2/32 %drop
check_not "drop: ping" on "$a" ping -c 1 -W 1 192.0.2.2

# --- trap and hold ------------------------------------------------------------------------------------
check "trap" inject "$a" flow 10.1.0.0/24 10.2.0.0/24 %trap
check_not "trap without key daemon" on "$a" ping -c 1 -W 1 10.2.0.1
check "trap without key daemon: no hold" has "$a" eroute '10\.1\.0\.0/24:0 .*=> %trap$'
on "$a" src/klips/inject "$dir/$a/klips.sock" listen 6 >"$dir/events" 2>&1 &
pids+=($!)
wait_for grep -q X_MS_HELLO "$dir/events"
on "$a" ping -c 3 -i 0.05 -W 5 10.2.0.1 >"$dir/held-ping" 2>&1 &
ping=$!
asked='ADDRESS_SRC(proto=1 prefix=32 addr=10.1.0.1) ADDRESS_DST(proto=1 prefix=32 addr=10.2.0.1)'
check "trap: ACQUIRE" wait_for grep -q "ACQUIRE satype=ESP.*$asked" "$dir/events"
check "trap: hold" has "$a" eroute '10\.1\.0\.1/32:0 +-> 10\.2\.0\.1/32:0 +=> %hold$'
check "hold: SAs" pair tunnel 0x1600 20 $key20 - - 192.0.2.1 192.0.2.2 10.1.0.0/24 10.2.0.0/24
check "hold: the packets went out" wait $ping
check "hold: none was lost" grep -q ' 0% packet loss' "$dir/held-ping"
check_not "hold: gone" has "$a" eroute %hold
check "trap: one ACQUIRE" test "$(grep -c ^ACQUIRE "$dir/events")" = 1
check "host trap" inject "$a" flow 10.1.0.1/32 10.2.0.1/32 %trap
on "$a" ping -c 2 -i 0.2 -W 1 10.2.0.1 >/dev/null 2>&1
check "host trap: hold in its place" has "$a" eroute '10\.1\.0\.1/32:0 +-> 10\.2\.0\.1/32:0 +=> %hold$'
check "host trap: taken out" inject "$a" unflow 10.1.0.1/32 10.2.0.1/32
check_not "host trap: gone" has "$a" eroute '10\.1\.0\.1/32'
check "the wider eroute counts again" on "$a" ping -c 1 -W 2 10.2.0.1

# --- deletion, end ------------------------------------------------------------------------------------
check "delete" inject "$b" delete esp.1601@192.0.2.1
check_not "delete: the group is gone" has "$b" spigrp 'esp0x1601'
check_not "delete: ping" on "$a" ping -c 1 -W 1 10.2.0.1
check "no SA: counted" test "$(counter $b out_no_sa)" -ge 1
check "teardown" inject "$b" teardown
check_not "teardown: no device" ip -n "$b" link show ipsec0
kill "${pids[0]}"
wait "${pids[0]}"
check "end: status" test $? = 0
check_not "end: no device" ip -n "$a" link show ipsec0
check "end: no files" sh -c "[ -z \"\$(ls $dir/$a)\" ]"
if grep -E "ERROR|WARNING: ThreadSanitizer|runtime error" "$dir/$a.log" "$dir/$b.log"; then
	cat "$dir/$a.log" "$dir/$b.log"
	bad "sanitizer"
fi
[ $failed = 0 ] || { tail -5 "$dir/inject.log"; cat "$dir/$a.log"; list "$b" counters | awk '$2 > 0'; }
exit $failed
