#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What klips shows, whole lines of it: each listing by its command and as a file below the run
# directory, under its old name and under the one in the tree; and references of SAs.
# shellcheck disable=SC2015,SC2086 # $in is a command's words
. "${srcdir:-.}/src/tools/klips_commands_lib.sh"
if ! klips_possible; then
	echo "this needs root, a network namespace, /dev/net/tun and a klips with its plugin"
	exit 77
fi

# Time goes on: seconds without a limit are left out.
settle() { sed -E 's/(add|use)time\([0-9]+,0,0\)//g; s/(add|use)time\([0-9]+,/\1time(T,/g; s/ idle=[0-9]+/ idle=I/'; }
# lines LISTING: the command says exactly what stands on stdin
lines() {
	checks=$((checks + 1))
	words=$1
	"$ipsec" --rundir "$dir/run" $1 2>"$dir/err" | settle >"$dir/out"
	diff - "$dir/out" >"$dir/err" || complain "other lines (< wanted)"
}
# file NAME TREE LISTING...: they become what the command shows
same() { diff <(settle <"$1") <("$ipsec" --rundir "$dir/run" "${@:2}" | settle) >"$dir/err"; }
file() {
	checks=$((checks + 1))
	words="$1 $2"
	wait_until same "$dir/run/$1" "${@:3}" || complain "the file is not what ipsec ${*:3} shows"
	[ "$2" = - ] || [ "$dir/run/ipsec/$2" -ef "$dir/run/$1" ] || complain "ipsec/$2 is another file"
}
# holds NAME TEXT: the file in the tree is this
holds() {
	checks=$((checks + 1))
	words=$1
	is() { [ "$(cat "$dir/run/ipsec/$1")" = "$2" ]; }
	wait_until is "$1" "$2" || complain "$(cat "$dir/run/ipsec/$1"), not $2"
}

ip link set lo up
ip link add eth1 type veth peer name eth2
ip address add 192.0.2.1/24 dev eth1
ip address add 2001:db8::1/64 dev eth1 nodad
ip address add 10.1.0.1/32 dev lo
ip link set eth1 up
mkdir "$dir/modswan"
plugins=$dir/plugins
mkdir "$plugins"
for p in openssl legacy; do
	[ ! -e "$PWD/src/plugins/crypto-$p/.libs/crypto-$p.so" ] ||
		ln -s "$PWD/src/plugins/crypto-$p/.libs/crypto-$p".* "$plugins"
done
echo 'plugins-also = ["crypto-legacy"];' >"$dir/modswan/modswan.conf"
klips_start "$dir/run" --workers 1 --sas 12

echo "- nothing"
for none in eroute spi spigrp tncfg 'spi --dumpsaref'; do lines "$none" </dev/null; done
done_ tncfg --attach --virtual ipsec0 --physical eth1
done_ tncfg --create ipsec3
lines tncfg <<'EOF_'
ipsec0 -> eth1 mtu=1500(1500) -> 1500
ipsec3 -> NULL mtu=0(0) -> 0
EOF_

echo "- SAs"
zero=00000000000000000000000000000000
out='--af inet --edst 192.0.2.2 --src 192.0.2.1'
in='--af inet --edst 192.0.2.1 --src 192.0.2.2'
done_ spi --ip4 $out --dst 192.0.2.2 --proto tun --spi 0x1001
done_ spi --esp aes128-sha1-96 $out --proto esp --spi 0x1002 --enckey $key16 --authkey $key20 \
	--life soft-allocations=1,hard-allocations=3,soft-bytes=1000,hard-bytes=2000,hard-packets=50
done_ spi --esp aes_gcm128 $in --proto esp --spi 0x1003 --enckey $key20 --replay_window 64 \
	--saref_me 9 --saref_him 2 --outif 49155 --life hard-addtime=86400
done_ spi --ah hmac-sha1-96 $in --proto ah --spi 0x1004 --authkey $key20 --replay_window 4096 --sarefhim 8
done_ spi --comp deflate $out --proto comp --spi 0x1005
done_ spi --esp aes128-sha1-96 $out --proto esp --spi 0x1006 --enckey $key16 --authkey $key20 --natt 2 \
	--sport 4500 --dport 40000 --replay_window 0
done_ spi --esp aes_gcm128 --said esp:1007@2001:db8::2 --src 2001:db8::1 --enckey $key20 --replay_window 1
done_ spigrp --said tun.1001@192.0.2.2 esp.1002@192.0.2.2
nat='natencap=none natsport=0 natdport=0'
lines spi <<EOF_
tun0x1001@192.0.2.2 IPIP: dir=out src=192.0.2.1 life(c,s,h)= $nat refcount=2 ref=1 reftable=0 refentry=1
esp0x1002@192.0.2.2 ESP_AES_CBC_HMAC_SHA1: dir=out src=192.0.2.1 iv_bits=128bits iv=0x$zero alen=96 \
aklen=160 eklen=128 life(c,s,h)=alloc(0,1,3)bytes(0,1000,2000)packets(0,0,50) $nat refcount=2 ref=2 \
reftable=0 refentry=2
esp0x1003@192.0.2.1 ESP_AES_GCM_16: dir=in  src=192.0.2.2 iv_bits=64bits iv=0x${zero:16} ooowin=64 seq=0 \
bit=0x0 eklen=160 life(c,s,h)=addtime(T,0,86400) $nat refcount=1 ref=9 refhim=2 outif=ipsec3:49155 \
reftable=0 refentry=9
ah0x1004@192.0.2.1 AH_HMAC_SHA1: dir=in  src=192.0.2.2 ooowin=4096 seq=0 bit=0x0 alen=96 aklen=160 \
life(c,s,h)= $nat refcount=1 ref=3 refhim=8 reftable=0 refentry=3
comp0x1005@192.0.2.2 COMP_DEFLATE: dir=out src=192.0.2.1 life(c,s,h)= ratio=0:0 $nat refcount=1 ref=4 \
reftable=0 refentry=4
esp0x1006@192.0.2.2 ESP_AES_CBC_HMAC_SHA1: dir=out src=192.0.2.1 iv_bits=128bits iv=0x$zero alen=96 \
aklen=160 eklen=128 life(c,s,h)= natencap=nonesp natsport=4500 natdport=40000 refcount=1 ref=5 reftable=0 \
refentry=5
esp:1007@2001:db8::2 ESP_AES_GCM_16: dir=out src=2001:db8::1 iv_bits=64bits iv=0x${zero:16} ooowin=1 \
eklen=160 life(c,s,h)= $nat refcount=1 ref=6 reftable=0 refentry=6
EOF_
sed 's/$/ /' >"$dir/want" <<'EOF_'
tun0x1001@192.0.2.2 esp0x1002@192.0.2.2
esp0x1003@192.0.2.1
ah0x1004@192.0.2.1
comp0x1005@192.0.2.2
esp0x1006@192.0.2.2
esp:1007@2001:db8::2
EOF_
lines spigrp <"$dir/want"

echo "- references"
lines 'spi --dumpsaref' <<'EOF_'
ref=1 tun0x1001@192.0.2.2 dir=out reftable=0 refentry=1
ref=2 esp0x1002@192.0.2.2 dir=out reftable=0 refentry=2
ref=3 ah0x1004@192.0.2.1 dir=in reftable=0 refentry=3 refhim=8 -
ref=4 comp0x1005@192.0.2.2 dir=out reftable=0 refentry=4
ref=5 esp0x1006@192.0.2.2 dir=out reftable=0 refentry=5
ref=6 esp:1007@2001:db8::2 dir=out reftable=0 refentry=6
ref=9 esp0x1003@192.0.2.1 dir=in reftable=0 refentry=9 refhim=2 esp0x1002@192.0.2.2
EOF_
file ipsec_saref saref spi --dumpsaref
tun() { spi=$1; shift; call "$1" spi --ip4 $out --dst 192.0.2.2 --proto tun --spi $spi "${@:2}"; }
tun 0x2001 1 --saref_me 9
err 'errno=16.'
err 'the reference number that was wished for belongs to another SA.'
tun 0x2001 1 --saref 13
err 'no room in kernel SAref table.'
tun 0x2001 0 --saref 8 --dumpsaref
out '^ipsec spi: saref=8$'
call 1 spi --ip4 $out --dst 192.0.2.2 --proto tun --spi 0x2002 --outif 49160; err 'no such ipsec device'
call 1 spi --ip4 $out --dst 192.0.2.2 --proto tun --spi 0x2002 --outif 7; err 'errno=93.'
# what became free rests: 7, then 10 to 12, then it
done_ spi --del --said comp.1005@192.0.2.2
for ref in 7 10 11 12 4; do
	tun 0x201$((ref % 10)) 0 --label "L$ref" --saref
	out "^ipsec spi --label L$ref: saref=$ref$"
done
call 1 spi --ip4 $out --dst 192.0.2.2 --proto tun --spi 0x2019; err 'no room in kernel SAref table.'; err 'errno=28.'
for ref in 7 0 1 2 4; do done_ spi --del --said tun.201$ref@192.0.2.2; done

echo "- eroutes"
flow='--eraf inet --src 10.1.0.0/24'
done_ eroute --add $flow --dst 10.2.0.0/24 --said tun.1001@192.0.2.2
done_ eroute --add $flow --dst 10.4.0.0/24 --transport-proto tcp --dst-port smtp --said %trap
lines eroute <<'EOF_'
0          10.1.0.0/24:0      -> 10.4.0.0/24:25     => %trap:6
0          10.1.0.0/24:0      -> 10.2.0.0/24:0      => tun0x1001@192.0.2.2:0 () ()
EOF_
ip neighbour add 192.0.2.2 lladdr 02:00:00:00:00:02 dev eth1
ip route add 10.2.0.0/24 dev ipsec0 src 10.1.0.1
ip route add 10.4.0.0/24 dev ipsec0 src 10.1.0.1
ping -c 3 -i 0.1 -W 0.1 10.2.0.1 >/dev/null
went() { "$ipsec" --rundir "$dir/run" spi | grep -q 'esp0x1002.* seq=3 '; }
wait_until went
call 0 spi
time='(addtime\([0-9]+,0,0\))?(usetime\([0-9]+,0,0\))?'
text='ESP_AES_CBC_HMAC_SHA1: dir=out src=192.0.2.1 iv_bits=128bits iv=0x[0-9a-f]{32} seq=3'
text="$text alen=96 aklen=160 eklen=128"
life="life\\(c,s,h\\)=alloc\\(1,1,3\\)bytes\\([0-9]+,1000,2000\\)${time}packets\\(3,0,50\\) idle=[0-9]+"
out "^esp0x1002@192.0.2.2 $text $life $nat refcount=2 ref=2 reftable=0 refentry=2$"
no_out "esp0x1002.*iv=0x$zero"
out '^tun0x1001.* refcount=3 '
# flows led to it: past the soft limit it is told and goes on, past the hard one it goes
"$ipsec" --rundir "$dir/run" pf_key --dumpfile "$dir/dump" >"$dir/messages" 2>&1 &
watcher=$!
wait_until grep -q 'satype=10(COMP)' "$dir/messages"
done_ eroute --replace $flow --dst 10.2.0.0/24 --said tun.1001@192.0.2.2
done_ eroute --add $flow --dst 10.5.0.0/24 --said tun.1001@192.0.2.2
expired() { [ "$(grep -c 'type=8(expire)' "$dir/messages")" = "$1" ]; }
checks=$((checks + 3))
wait_until expired 1 || complain 'no EXPIRE past the soft limit'
grep -q '{ext=4 len=5 allocations=1 ' "$dir/messages" || complain 'the soft limit is not said'
call 0 spi; out '^esp0x1002.*=alloc\(2,1,3\)bytes'
done_ eroute --add $flow --dst 10.6.0.0/24 --said tun.1001@192.0.2.2
done_ eroute --add $flow --dst 10.7.0.0/24 --said tun.1001@192.0.2.2
wait_until expired 2 || complain 'no EXPIRE past the hard limit'
call 0 spi; no_out 'esp0x1002|tun0x1001'

echo "- the device of what comes out"
other=klips-listings-$$
ip netns add $other && ip link set eth2 netns $other
there() { ip netns exec $other "$ipsec" --rundir "$dir/other" "$@"; }
ip -n $other address add 192.0.2.2/24 dev eth2
ip -n $other link set eth2 up
ip -n $other link set lo up
ip neighbour replace 192.0.2.2 lladdr "$(ip -n $other -br link show eth2 | awk '{ print $3 }')" dev eth1
mkdir "$dir/other"
ip netns exec $other ./klips --rundir "$dir/other" --confdir "$dir" --plugindir "$plugins" --nofork --stderrlog \
	--workers 1 2>>"$dir/klips.log" &
klips2=$!
wait_until [ -S "$dir/other/klips.ctl" ]
there tncfg --attach --virtual ipsec0 --physical eth2
there tncfg --create ipsec1
ip -n $other link set ipsec1 up
for side in "$ipsec --rundir $dir/run" there; do
	[ "$side" = there ] && outif='--outif 49153'
	$side spi --ip4 $out --dst 192.0.2.2 --proto tun --spi 0x3001
	$side spi --esp aes_gcm128 $out --proto esp --spi 0x3002 --enckey $key20 ${outif:-}
	$side spigrp --said tun.3001@192.0.2.2 esp.3002@192.0.2.2
done
done_ eroute --replace $flow --dst 10.2.0.0/24 --said tun.3001@192.0.2.2
ping -c 2 -i 0.1 -W 0.1 10.2.0.1 >/dev/null
came_two() { [ "$(ip -n $other -s -o link show ipsec1 | sed 's/.*RX: [^\\]*\\ *[0-9]* *//; s/ .*//')" = 2 ]; }
wait_until came_two
there spi >"$dir/out"
checks=$((checks + 1))
came_two || complain "what came in did not come out of ipsec1: $(ip -n $other -s link)"
out '^esp0x3002@192.0.2.2 ESP_AES_GCM_16: dir=in  .* outif=ipsec1:49153 reftable=0 refentry=2$'
no_out "esp0x3002.*iv=0x${zero:16} "
kill $klips2
wait $klips2

echo "- who may"
chmod 755 "$dir" "$dir/run"
if command -v setpriv >/dev/null; then
	nobody() { setpriv --reuid 65534 --clear-groups "$ipsec" --rundir "$dir/run" "$@"; }
	for text in 'Access denied.  You must be root to change what KLIPS does.' 'ipsec spi: pfkey '; do
		checks=$((checks + 1))
		words="spi --clear of another user"
		nobody spi --clear >"$dir/out" 2>"$dir/err" && complain 'obeyed'
		err "$text"
		# even who gets through to the socket
		chmod 666 "$dir/run/klips.sock"
	done
	chmod 600 "$dir/run/klips.sock"
	call 0 spi
	out '^ah0x1004@192.0.2.1 '
fi

echo "- pf_key"
mkdir "$dir/fake"
python3 - "$dir/fake/klips.sock" <<'EOF_' &
import socket, struct, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.bind(sys.argv[1])
s.listen()
c = s.accept()[0]
for _ in range(2):
    c.send(c.recv(65536))
c.send(bytes(7))
c.send(struct.pack("<BBBBHHII", 2, 6, 0, 3, 20, 0, 7, 0) + bytes(16))
c.send(struct.pack("<BBBBHHII", 2, 9, 3, 0, 2, 0, 8, 1))
c.recv(1)
EOF_
fake=$!
wait_until [ -S "$dir/fake/klips.sock" ]
"$ipsec" --rundir "$dir/fake" pf_key --ah --ipcomp --daemon "$dir/pid" >"$dir/out" 2>"$dir/err"
wait_until grep -q 'type=9(flush)' "$dir/out"
kill "$(cat "$dir/pid")"
wait $fake
wait_until grep -q Exiting "$dir/out"
words='pf_key --ah --ipcomp --daemon'
out '^pfkey v2 msg. type=7\(register\) seq=1 len=2 pid=[0-9]+ errno=0 satype=2\(AH\)$'
out '^pfkey v2 msg. type=7\(register\) seq=2 len=2 pid=[0-9]+ errno=0 satype=10\(COMP\)$'
no_out 'type=7.*satype=(3|9)\('
out '^runt packet of size: 7 \(should be 16\)$'
out "^packet size read from socket=32 doesn't equal message length=20\\*8: message not decoded$"
out '^pfkey v2 msg. type=9\(flush\) seq=8 len=2 pid=1 errno=3 satype=0\('
out '^Exiting on signal 15$'

echo "- files"
python3 -c 'import socket; s = socket.socket(); s.settimeout(0.2); s.connect(("10.4.0.1", 25))' 2>/dev/null
file ipsec_eroute eroute/all eroute
file ipsec_spi spi/all spi
file ipsec_spigrp spigrp/all spigrp
file ipsec_tncfg tncfg tncfg
file ipsec_klipsdebug klipsdebug klipsdebug
holds stats/trap_count 00000001
holds stats/trap_sendcount 00000001
holds natt 1
holds birth/ipv4 ''
holds birth/ipv6 ''
holds version "ModSwan version: $("$ipsec" --version | sed -n 's/.* \([0-9][^ ]*\)$/\1/p;q')"
checks=$((checks + 6))
words=files
grep -qx 'esp AES_CBC id=12 iv_bits=128 eklen=256 alen=0' "$dir/run/ipsec/xforms" || complain 'xforms: AES_CBC'
grep -qx 'auth HMAC_SHA1 id=2 aklen=160 alen=96' "$dir/run/ipsec/xforms" || complain 'xforms: HMAC_SHA1'
[ "$(stat -L -c %a "$dir/run/ipsec/spi/all" "$dir/run/ipsec_version")" = $'400\n444' ] || complain modes
grep -q '^    sock   pid   socket     next     prev e n p sndbf    Flags     Type St$' "$dir/run/pf_key" &&
	grep -qE '^ +[0-9a-f]+ +[0-9]+ +[0-9a-f]+ +0 +0 0 0 2 +[0-9]+ 00000000 +5  3 queued=0 registered=0000060c$' \
		"$dir/run/pf_key" || complain "pf_key: $(cat "$dir/run/pf_key")"
registered=$(sed -E 's/( +)[0-9a-f]+ +[0-9]+ +[0-9a-f]+$/ S P K/' "$dir/run/pf_key_registered")
[ "$registered" = 'satype   socket   pid       sk
     2 S P K
     3 S P K
     9 S P K
    10 S P K' ] || complain "pf_key_registered: $(cat "$dir/run/pf_key_registered")"
klips_stop
[ -z "$(ls -A "$dir/run")" ] || complain "files stay: $(ls -A "$dir/run")"
