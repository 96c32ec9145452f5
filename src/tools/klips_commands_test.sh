#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The commands that key klips by hand: every refusal of the command line, by text and exit status;
# then, as root, what klips itself says to them, in a network namespace of the test's own.
# shellcheck disable=SC2015,SC2086 # $flow and $sa are lists of words
. "${srcdir:-.}/src/tools/klips_commands_lib.sh"

flow='--eraf inet --src 10.1.0.0/24 --dst 10.2.0.0/24'
flow() { local s=$1; shift; refused "$s" eroute --add $flow "$@"; }

echo "- eroute"
call 1 eroute --help; out '^Usage: ipsec eroute'; out '--transport-proto'
call 1 eroute --version; out 'ModSwan'
refused "Only one of '--add', '--addin', '--replace', '--clear', or '--del' options permitted." \
	eroute --add --del
refused 'Error, EDST parameter redefined:192.0.2.3, already defined as:192.0.2.2' \
	eroute --add --edst 192.0.2.2 --edst 192.0.2.3
refused 'Error, SPI parameter redefined:0x102, already defined as:0x101' \
	eroute --add --spi 0x101 --spi 0x102
refused 'Error, PROTO parameter redefined:ah, already defined as:esp' \
	eroute --add --proto esp --proto ah
refused 'Error, SAID parameter redefined:esp.102@192.0.2.2, already defined as:esp.101@192.0.2.2' \
	eroute --add --said esp.101@192.0.2.2 --said esp.102@192.0.2.2
for item in 'EDST --edst 192.0.2.3' 'SPI --spi 0x102' 'PROTO --proto ah'; do
	read -r what option value <<<"$item"
	refused "Error, $what parameter redefined:$value, already defined in SA:esp.101@192.0.2.2" \
		eroute --add --said esp.101@192.0.2.2 "$option" "$value"
done
refused 'Error, --dst parameter redefined:10.3.0.0/16, already defined as:10.2.0.0/16' \
	eroute --add --dst 10.2.0.0/16 --dst 10.3.0.0/16
refused 'Error, --src parameter redefined:10.3.0.0/16, already defined as:10.2.0.0/16' \
	eroute --add --src 10.2.0.0/16 --src 10.3.0.0/16
refused 'address family of SAID redefined:inet6' eroute --add --af inet --af inet6
refused 'address family of eroute redefined:inet6' eroute --add --eraf inet --eraf inet6
refused 'Invalid character in SPI parameter: 12x' eroute --add --spi 12x
refused 'Invalid character in SPI parameter: 0x100000000' eroute --add --spi 0x100000000
refused 'Illegal reserved spi: 255 => 0xff' eroute --add --spi 255
refused 'Invalid PROTO parameter: gre' eroute --add --proto gre
refused 'Invalid address family parameter for SAID: ipx' eroute --add --af ipx
refused 'Invalid address family parameter for eroute: ipx' eroute --add --eraf ipx
refused 'converting --edst argument:192.0.2.2.2' eroute --add --edst 192.0.2.2.2
refused 'converting --edst argument:192.0.2.2' eroute --add --af inet6 --edst 192.0.2.2
refused 'converting --sa argument:esp@192.0.2.2' eroute --add --said esp@192.0.2.2
refused 'converting --sa argument:%nothing' eroute --add --said %nothing
refused 'converting --src argument:10.1.0.0/33' eroute --add --src 10.1.0.0/33
refused 'converting --dst argument:host/24' eroute --add --dst host/24
refused 'converting --src argument:10.1.0.0/24' eroute --add --eraf inet6 --src 10.1.0.0/24
refused 'Defined address family and address family of SA missmatch.' \
	eroute --add --af inet6 --said esp.101@192.0.2.2
flow '--transport-proto parameter: 256 must be in the range 0 to 255' --transport-proto 256
flow 'Invalid character in --transport-proto parameter: nosuch' --transport-proto nosuch
flow '--transport-proto with either UDP or TCP must be specified' --said %pass --src-port 25
flow '--transport-proto with either UDP or TCP must be specified' --said %pass --dst-port smtp \
	--transport-proto icmp
flow 'must be in the range 0 to 65535' --said %pass --transport-proto 6 --dst-port 65536
flow 'Invalid character in --dst-port parameter: nosuch' --said %pass --transport-proto tcp \
	--dst-port nosuch
refused '--transport-proto with either UDP or TCP must be specified' \
	eroute --add --src 10.1.0.0/24:25 --dst 10.2.0.0/24 --said %pass
flow 'must end with a protocol from 0 to 255' --said %pass:256
flow '--transport-proto parameter: tcp, but 17 behind the SAID' --said %pass:17 --transport-proto tcp
flow 'add and addin options must have SA specified.'
flow 'add and addin options must have SA specified.' --edst 192.0.2.2 --proto esp
refused "add option '--src' is required." eroute --add --dst 10.2.0.0/24 --said %pass
refused "del option '--dst' is required." eroute --del --src 10.2.0.0/24
refused 'families of --src and --dst differ' eroute --del --src 10.2.0.0/24 --dst 2001:db8::/32
refused "exactly one of '--add', '--addin', '--replace', '--clear', or '--del' must be specified." \
	eroute --src 10.2.0.0/24
err "See \`ipsec eroute --help'"
refused "unexpected word \`x'" eroute x
refused "ipsec eroute --label l1: Invalid PROTO" eroute --label l1 --add --proto gre
call 2 eroute --optionsfrom "$dir/nosuch"; err 'cannot read options'

echo "- spi"
sa='--af inet --edst 192.0.2.2 --spi 0x1001 --proto esp'
call 255 spi --help; out '^Usage: ipsec spi'; out '--enckey'
call 1 spi --version; out 'ModSwan'
call 255 spi --nosuch; err 'Usage: ipsec spi'
call 255 spi --esp; err 'needs a value'; err 'Usage: ipsec spi'
call 255 spi word; err 'Usage: ipsec spi'
refused "Only one of '--ah', '--esp', '--comp', '--ip4', '--ip6', '--del' or '--clear' options" \
	spi --del --clear
refused "Unknown authentication algorithm 'rot13' follows '--ah' option." spi --ah rot13
refused "Invalid encryption algorithm 'rot13' follows '--esp' option." spi --esp rot13
refused "Invalid encryption algorithm 'aes128-rot13' follows '--esp' option." spi --esp aes128-rot13
refused 'copy, set or clear' spi --ip4 --df never
refused 'encap-dscp maybe: yes or no' spi --ip4 --encap-dscp maybe
refused 'decap-dscp copy: yes or no' spi --ip4 --decap-dscp copy
refused 'bare maybe: yes or no' spi --comp deflate --bare maybe
refused "only tunnels have '--df'" spi --del --said tun.1001@192.0.2.1 --df set
refused "Unknown compression algorithm 'lzs' follows '--comp' option." spi --comp lzs
refused 'Error, EDST parameter redefined:' spi --del --edst 192.0.2.2 --edst 192.0.2.3
refused 'Error, SPI parameter redefined:' spi --del --spi 0x101 --spi 0x102
refused 'Error, PROTO parameter redefined:' spi --del --proto esp --proto ah
refused 'Error, SAID parameter redefined:' spi --del --said esp:101@::1 --said esp:102@::1
refused 'Error, SAID parameter redefined:' spi --del --spi 0x101 --said esp:102@::1
refused 'address family of SAID redefined' spi --del --af inet --af inet
refused 'Error, SRC parameter redefined:' spi --del --src 192.0.2.1 --src 192.0.2.1
refused 'Error, DST parameter redefined:' spi --del --dst 192.0.2.1 --dst 192.0.2.1
refused 'Illegal reserved spi: 0xff => 0xff' spi --del --spi 0xff
for name in auth enc; do
	[ $name = auth ] && Name=Authentication || Name=Encryption
	refused "$Name key must have a '0x', '0t' or '0s' prefix to select the format" \
		spi --esp 3des "--${name}key" 5ec2e7
	! grep -q 5ec2e7 "$dir/err" || complain 'the key is shown'
	refused "unknown format or syntax error in ${Name,} key" spi --esp 3des "--${name}key" 0x5ec2e
	! grep -q 5ec2e "$dir/err" || complain 'the key is shown'
	refused "$Name key parameter redefined" spi --esp 3des "--${name}key" 0x01 "--${name}key" 0x02
done
refused 'Invalid character in replay_window parameter: x' spi --esp 3des --replay_window x
for n in 4097 70000; do
	refused "Failed -- Illegal window size: arg=$n, replay_window=$n, must be 0 <= size <= 4096." \
		spi --esp 3des --replay_window $n
done
refused 'unknown severity in life parameter: mild-bytes=1' spi --esp 3des --life mild-bytes=1
refused 'unknown type in life parameter: soft-octets=1' spi --esp 3des --life soft-octets=1
refused "'=' missing in life parameter: soft-bytes" spi --esp 3des --life soft-bytes
refused 'Invalid character in life parameter: soft-bytes=x' spi --esp 3des --life soft-bytes=x
refused 'life parameter redefined:soft-bytes=2' spi --esp 3des --life soft-bytes=1,soft-bytes=2
refused 'unknown severity in life parameter' spi --esp 3des --life ''
refused 'SA destination not specified.' spi --del --spi 0x101 --proto esp
refused 'SA SPI not specified.' spi --del --edst 192.0.2.2 --proto esp
refused 'SA PROTO not specified.' spi --del --edst 192.0.2.2 --spi 0x101
refused 'Defined address family and address family of SA missmatch.' \
	spi --del --af inet --said esp:101@2001:db8::1
fails='Defined address family and address family of SA missmatch.'
refused "$fails" spi --esp 3des --said esp.1001@192.0.2.2 --src ::1
refused "converting --src argument:::1" spi --esp 3des --af inet --src ::1
refused "$fails" spi --ip6 --af inet --edst 192.0.2.2 --spi 0x1001 --proto tun --src 192.0.2.1 \
	--dst 192.0.2.2
refused "'--ip4' needs '--src' and '--dst'." spi --ip4 --said tun.1001@192.0.2.2
refused "the protocol of the SA does not fit '--ah'" spi --ah hmac-md5-96 $sa --authkey $key16
refused '--dst 192.0.2.3 is not the destination' spi --esp 3des $sa --dst 192.0.2.3
refused "No action chosen.  See 'ipsec spi --help' for usage." spi $sa
refused 'Invalid character in natt parameter: x' spi --esp 3des --natt x
refused 'KLIPS is not running' spi --dumpsaref

echo "- spigrp"
call 1 spigrp --help; err '--said'; no_out .
call 1 spigrp --version; err 'ModSwan'; no_out .
refused 'expecting 3 or more args with --said' spigrp --said
refused 'expecting 5 or more args without --said' spigrp inet 192.0.2.2 0x101
refused 'Badly formed proto: gre' spigrp inet 192.0.2.2 0x101 gre
refused 'Badly formed spi: 1x' spigrp inet 192.0.2.2 1x esp
refused 'Address family ipx not supported' spigrp ipx 192.0.2.2 0x101 esp
refused 'converting --sa argument:esp@x' spigrp --said esp@x
refused "unknown option \`--optionsfrom'" spigrp --optionsfrom x

echo "- tncfg"
call 1 tncfg --help; out '--attach'
call 1 tncfg --version; out 'ModSwan'
refused 'Only one of' tncfg --attach --detach
refused "both '--virtual' and '--physical' must be specified with '--attach'." \
	tncfg --attach --virtual ipsec0
refused "both '--virtual' and '--physical'" tncfg -attach -physical eth0
refused "'--virtual' must be specified with '--detach'." tncfg --detach
refused 'must be specified.' tncfg --virtual ipsec0
refused '1 to 15 characters' tncfg --attach --virtual ipsec0 --physical a123456789012345
refused 'neither ipsecN nor mastN' tncfg --create eth0
refused 'virtual device is invalid' tncfg --attach --virtual ipsec64 --physical eth0

echo "- klipsdebug, pf_key"
call 1 klipsdebug --help; out 'tunnel-xmit'
call 0 klipsdebug --version; out 'ModSwan'
refused "unknown flag \`nosuch'" klipsdebug --set nosuch; err 'Usage: ipsec klipsdebug'
refused 'Only one of' klipsdebug --all --none
call 1 pf_key --help; out '--dumpfile'
refused '--encodefile' pf_key --encodefile x
refused 'cannot write' pf_key --dumpfile "$dir/no/such"

echo "- no klips"
no='Trouble opening PF_KEY family socket with error: No such file or directory'
refused 'KLIPS is not running' eroute
refused 'KLIPS is not running' spi
refused 'KLIPS is not running' spigrp
refused 'KLIPS is not running' tncfg
refused 'KLIPS is not running' tncfg --clear
refused 'KLIPS is not running' klipsdebug
refused "$no" eroute --clear
refused "$no" spi --clear
refused "$no" spigrp --said esp.101@192.0.2.2
refused "$no" klipsdebug --all
refused "$no" pf_key

# --- klips itself ---------------------------------------------------------------------------------
if ! klips_possible; then
	echo "the rest needs root, a network namespace, /dev/net/tun and a klips with its plugin"
	exit
fi
echo "- klips"
ip link set lo up
ip link add eth1 type veth peer name eth2
ip address add 192.0.2.1/24 dev eth1
ip link set eth1 up
klips_start "$dir/run"
"$ipsec" --rundir "$dir/run" pf_key --dumpfile "$dir/dump" >"$dir/messages" 2>&1 &
watcher=$!
wait_until grep -q 'satype=10(COMP)' "$dir/messages"

done_ tncfg --attach --virtual ipsec0 --physical eth1
refused 'already attached' tncfg --attach --virtual ipsec1 --physical eth1
refused 'the physical device is invalid' tncfg -attach -virtual ipsec1 -physical nosuch
call 0 tncfg; out '^ipsec0 -> eth1 mtu=1500\(1500\) -> 1500$'
done_ spi --ip4 --af inet --edst 192.0.2.2 --spi 0x1001 --proto tun --src 192.0.2.1 \
	--dst 192.0.2.2
printf '%s\n' '# keys' "--enckey $key16" "--authkey \"$key20\"" >"$dir/keys"
call 0 spi --esp aes128-sha1-96 --af inet --edst 192.0.2.2 --spi 4098 --proto esp --src 192.0.2.1 \
	--optionsfrom "$dir/keys" --life soft-bytes=1000,hard-packets=50 --listenreply
out '^ipsec spi: pfkey v2 msg received. type=3\(add\) seq=1 len=[0-9]+ pid=[0-9]+ errno=0 satype=3\(ESP\)$'
out '^ipsec spi: saref=[0-9]+$'
refused 'SA already in use' spi --esp aes128-sha1-96 --said esp.1002@192.0.2.2 --enckey $key16 \
	--authkey $key20
err 'errno=17.'
call 1 spi --esp aes128-sha1-96 --said esp.1003@192.0.2.2 --enckey 0x01 --authkey $key20
err 'pfkey write failed, returning -1 with errno='
call 0 spi --debug --esp aes_gcm128 --said esp:1004@2001:db8::2 --src 2001:db8::1 --enckey $key20
out 'ipsec spi: DEBUG: sends .*ADD'
no_out 000102030405
call 0 spi
limits='bytes\(0,1000,0\)(addtime\([0-9]+,0,0\))?packets\(0,0,50\)'
out "^esp0x1002@192.0.2.2 ESP_AES_CBC_HMAC_SHA1: dir=out src=192.0.2.1 .*$limits"
out '^tun0x1001@192.0.2.2 IPIP: dir=out src=192.0.2.1 '
out '^esp:1004@2001:db8::2 ESP_AES_GCM_16: '
refused 'SA not found' spigrp --said tun.1001@192.0.2.2 esp.1009@192.0.2.2
done_ spigrp inet 192.0.2.2 0x1001 tun inet 192.0.2.2 0x1002 esp
refused 'SA already grouped' spigrp --said tun.1001@192.0.2.2 esp.1002@192.0.2.2
call 0 spigrp; out '^tun0x1001@192.0.2.2 esp0x1002@192.0.2.2 *$'
done_ eroute --add $flow --said tun0x1001@192.0.2.2
refused 'eroute already in use' eroute --add $flow --af inet --edst 192.0.2.2 --spi 0x1001 --proto tun
done_ eroute --replace $flow --af inet --edst 192.0.2.2 --spi 0x1001 --proto tun
done_ eroute --add $flow --transport-proto tcp --dst-port smtp --said %pass
done_ eroute --add --src 10.1.0.0/255.255.255.0:53 --dst 10.2.0.0/24 --transport-proto 17 --said %drop
done_ eroute --add --eraf inet6 --src 0/0 --dst 2001:db8:2::/48 --said %trap
refused 'No such IPIP SA' eroute --addin $flow --said tun.1009@192.0.2.2
call 0 eroute
out '^0 +10.1.0.0/24:0 +-> 10.2.0.0/24:0 +=> tun0x1001@192.0.2.2:0 \(\) \(\)$'
out '^0 +10.1.0.0/24:0 +-> 10.2.0.0/24:25 +=> %pass:6'
out '^0 +10.1.0.0/24:53 +-> 10.2.0.0/24:0 +=> %drop:17'
out '^0 +0:0/0 +-> 2001:db8:2::/48 +=> %trap$'
done_ eroute --del $flow
refused "eroute doesn't exist" eroute --del $flow
done_ eroute --clear
# every form that a listing ever had, and the listing of that once more
cat >"$dir/lines" <<'EOF_'
# from manual pages
1867 172.31.252.0/24:0 -> 0.0.0.0/0:0 => tun0x130@192.168.43.1:0 () ()
746 192.168.2.110/32:0 -> 192.168.2.120/32:25 => esp0x130@192.168.2.120:6 () ()
125 3049:1::/64 -> 0:0/0 => tun:130@3058:4::5 () ()
42 192.168.6.0/24:0 -> 192.168.7.0/24:0 => %passthrough
2112 192.168.8.55/32:0 -> 192.168.9.47/24:0 => %hold (east) ()
2001 192.168.2.110/32:0 -> 192.168.2.120/32:0 => esp0xe6de@192.168.2.120:0 () ()
1984 3049:1::110/128 -> 3049:1::120/128 => ah:f5ed@3049:1::120 () ()

17         10.77.1.0/24       -> 10.77.2.0/24       => tun0x1002@198.51.100.7
0          10.77.1.0/24:1701  -> 10.77.2.0/24       => %trap:17
192.0.2.11/32   -> 192.0.2.8/32  => tun0x149f@192.0.2.8
7 3049:2::/64:25 -> 3049:3::/64 => tun:130@3058:4:0:0:0:0:0:5:6 (C=CH,\040CN=\050x\051) (@east)
EOF_
done_ eroute --restore "$dir/lines"
cat >"$dir/want" <<'EOF_'
0          0:0/0              -> 0:0/0              => %drop
0          10.77.1.0/24:0     -> 10.77.2.0/24:0     => tun0x1002@198.51.100.7:0 () ()
0          10.77.1.0/24:1701  -> 10.77.2.0/24:0     => %trap:17
0          172.31.252.0/24:0  -> 0.0.0.0/0:0        => tun0x130@192.168.43.1:0 () ()
0          192.0.2.11/32:0    -> 192.0.2.8/32:0     => tun0x149f@192.0.2.8:0 () ()
0          192.168.2.110/32:0 -> 192.168.2.120/32:0 => esp0xe6de@192.168.2.120:0 () ()
0          192.168.2.110/32:0 -> 192.168.2.120/32:25 => esp0x130@192.168.2.120:6 () ()
0          192.168.6.0/24:0   -> 192.168.7.0/24:0   => %pass
0          192.168.8.55/32:0  -> 192.168.9.0/24:0   => %hold (east) ()
0          3049:1::/64        -> 0:0/0              => tun:130@3058:4::5 () ()
0          3049:1::110/128    -> 3049:1::120/128    => ah:f5ed@3049:1::120 () ()
0          3049:2::/64:25     -> 3049:3::/64        => tun:130@3058:4:0:0:0:0:0:5:6 (C=CH,\040CN=\050x\051) (@east)
EOF_
done_ eroute --add --eraf inet6 --src 0/0 --dst 0:0/0 --said %drop
for i in 1 2; do
	call 0 eroute
	checks=$((checks + 1))
	LC_ALL=C sort "$dir/out" | diff "$dir/want" - >"$dir/err" || complain "listing $i differs"
	cp "$dir/out" "$dir/listing"
	done_ eroute --clear
	done_ eroute --restore "$dir/listing"
done
# the same, read from the file
for _ in $(seq 200); do
	cmp -s "$dir/listing" "$dir/run/ipsec_eroute" && break
	sleep 0.05
done
checks=$((checks + 1))
cmp -s "$dir/listing" "$dir/run/ipsec_eroute" || complain 'RUNDIR/ipsec_eroute is not the listing'
done_ eroute --clear
done_ eroute --add $flow --said %pass:17 --src-id a --dst-id 'b c'
call 0 eroute; out '^0 +10.1.0.0/24:0 +-> 10.2.0.0/24:0 +=> %pass:17 \(a\) \(b\\040c\)$'
done_ eroute --clear
printf '10.1.0.0/24 => 10.2.0.0/24\n' >"$dir/lines"
refused 'lines, line 1: expected SRC -> DST => SAID' eroute --restore "$dir/lines"
refused "cannot read $dir/nosuch" eroute --restore "$dir/nosuch"
call 0 eroute; silent
done_ klipsdebug --set tunnel-xmit
done_ klipsdebug --set comp
call 0 klipsdebug; out '^debug_tunnel=00000010.$'; out '^debug_ipcomp=7fffffff.$'; out '^debug_esp=00000000.$'
done_ klipsdebug --clear ipcomp
call 0 klipsdebug; out '^debug_tunnel=00000010.$'; out '^debug_ipcomp=00000000.$'
done_ klipsdebug --all
call 0 klipsdebug; out '^debug_rcv=7fffffff.$'; out '^debug_verbose=00000000.$'
done_ klipsdebug --none
call 0 klipsdebug; no_out '=[0-9a-f]*[1-9a-f][0-9a-f]*\.'
call 0 klipsdebug --counters; out '^in_policy +0 '
out '^in_overflow +0 '; out '^out_overflow +[0-9]+ '; out '^queue_shorter +0 '
done_ spigrp --said esp.1002@192.0.2.2
call 0 spigrp; out '^tun0x1001@192.0.2.2 *$'
done_ spi --del --said tun.1001@192.0.2.2
refused 'SA does not exist.  Cannot delete.' spi --del --said tun.1001@192.0.2.2
done_ spi --clear
call 0 spi; silent
done_ tncfg --detach --virtual ipsec0
refused 'not attached' tncfg --detach --virtual ipsec0
refused 'not supported' tncfg --create mast0
done_ tncfg --attach --virtual ipsec3 --physical eth1
done_ tncfg --clear
call 0 tncfg; silent

echo "- manual"
export IPSEC_CONFS=$dir
# Every keyword and option; the plugin that reads ipsec.conf is the build's.
mkdir "$dir/modswan"
echo "plugin-dir = \"$PWD/src/plugins/config-ipsecconf/.libs\";" >"$dir/modswan/modswan.conf"
printf '%s\n' '#!/bin/sh' 'echo "$PLUTO_VERB $PLUTO_INTERFACE $PLUTO_NEXT_HOP" >>'"$dir/verbs" >"$dir/updown"
chmod +x "$dir/updown"
ends="	left=192.0.2.1
	right=192.0.2.2
	leftupdown=$dir/updown
	rightupdown=$dir/updown"
cat >"$dir/ipsec.conf" <<EOF_
version 2.0
conn base
$ends
	leftsubnet=10.1.0.0/24
	rightsubnet=10.2.0.0/24
	leftnexthop=192.0.2.7
	spibase=0x200
	leftespspi=0x201f
	rightahspi=0x204f
	esp=aes128-sha1-96
	espenckey=$key16
	leftespauthkey=$key20
	rightespauthkey=0x2222${key20#0x0001}
	espreplay_window=32
	ah=hmac-sha1-96
	ahkey=$key20
	rightahkey=0x3333${key20#0x0001}
	ahreplay_window=16
conn ends
$ends
	spi=0x300
conn keys
	type=transport
	ah=hmac-sha1-96
	ahkey=$key20
conn shunt
$ends
	type=reject
	leftprotoport=udp/53
	rightprotoport=udp
conn six
$ends
	spi=0x600
	leftsubnet=fd01::/64
	rightsubnet=fd02::/64
	esp=aes_gcm128
	espenckey=$key20
conn far
	left=192.0.2.3
	right=192.0.2.4
	also=keys
	spi=0x700
include $dir/more.conf
EOF_
printf 'conn more\n\talso=ends\n\talso=keys\n' >"$dir/more.conf"
printf 'conn %s\n%s\n\t%s\n' hop "$ends" 'leftnexthop=192.0.2.1' >"$dir/hop.conf"
printf '\tspi=0x100\n\tah=hmac-sha1-96\n\tahkey=%s\n' $key20 >>"$dir/hop.conf"
call 2 manual; err 'Usage: ipsec manual'
call 2 manual --up; err 'Usage: ipsec manual'
call 2 manual --up --down base; err 'both --up and --down'
call 2 manual --up base ends; err 'Usage: ipsec manual'
call 2 manual --nosuch base; err 'nosuch'
call 0 manual --help; out '--union'; out '--noinclude'
call 0 manual --version; out 'ModSwan'
no_device='there is no ipsec device on eth1'
refused "$no_device" manual --up base
done_ tncfg --attach --virtual ipsec0 --physical eth1
for wrong in '|neither spi= nor spibase= is written' 'spi=0x800|neither esp= nor ah= is written' \
	'spi=0x800 ah=hmac-sha1-96|ah= without ahkey= or leftahkey=' \
	'spi=0x800 ah=hmac-sha1-96 leftahkey=0x01|ah= without ahkey= or rightahkey=' \
	'spi=0x800 esp=aes128-sha1-96 espauthkey=0x01|esp= without espenckey= or leftespenckey=' \
	'spi=0x800 esp=aes128-sha1-96 espenckey=0x01|esp= without espauthkey= or leftespauthkey=' \
	'spi=0x800 esp=rot13|no algorithm of ipsec spi' 'spi=0x800 ah=rot13|no algorithm of ipsec spi' \
	'spi=0x800 spibase=0x800 ah=hmac-sha1-96|spi= and spibase= cannot both be written' \
	'spibase=0x801|whose last digit is 0' 'spi=0xff|spi="0xff"' 'type=drop ah=hmac-sha1-96|are not for type=' \
	'spi=0x800 leftsubnet=10.1.0.0|leftsubnet'; do
	{ printf 'conn bad\n%s\n' "$ends"; for word in ${wrong%%|*}; do printf '\t%s\n' "$word"; done; } \
		>"$dir/bad.conf"
	refused 'ipsec manual: fatal error in "bad": ' manual --config "$dir/bad.conf" --up bad
	err "${wrong#*|}"
done
for word in 'up nosuch|no conn nosuch' 'up far|neither left= nor right= is an address of this host' \
	'iam 192.0.2.9@eth1 --up base|is neither left= nor right=' 'iam x --up base|is not ADDRESS@IFACE' \
	'iam 192.0.2.1@eth7 --up base|there is no ipsec device on eth7' \
	'noinclude --up more|no conn more' "config $dir/nosuch --up base|cannot read $dir/nosuch" \
	"config $dir/hop.conf --up hop|left= and leftnexthop= are the same"; do
	refused "${word#*|}" manual --${word%%|*}
done
# shown, nothing done; no keys
call 0 manual --showonly --up base
spi='^ipsec spi --label base --af inet --edst 192.0.2'
out "$spi.2 --spi 0x200 --proto tun --src 192.0.2.1 --dst 192.0.2.2 --ip4$"
key="'\\(key\\)'"
esp="--esp aes128-sha1-96 --enckey $key --authkey $key --replay_window 32"
ah="--ah hmac-sha1-96 --authkey $key --replay_window 16"
out "$spi.2 --spi 0x202 --proto esp --src 192.0.2.1 $esp$"
out "$spi.2 --spi 0x204f --proto ah --src 192.0.2.1 $ah$"
out "$spi.1 --spi 0x201f --proto esp --src 192.0.2.2 $esp$"
out "$spi.1 --spi 0x205 --proto ah --src 192.0.2.2 $ah$"
out '^ipsec spigrp --label base inet 192.0.2.1 0x201 tun inet 192.0.2.1 0x201f esp inet 192.0.2.1 0x205 ah$'
out "^PLUTO_VERB=prepare $dir/updown$"
for form in '--other' '--iam 192.0.2.2@eth1' '--iam 192.0.2.2@ipsec0'; do
	call 0 manual --showonly $form --up base
	out '--replace --eraf inet --src 10.2.0.0/24 --dst 10.1.0.0/24 .* --edst 192.0.2.1 --spi 0x201 --proto tun$'
	out '--addin --eraf inet --src 10.1.0.0/24 --dst 10.2.0.0/24 .* --edst 192.0.2.2 --spi 0x200 --proto tun$'
done
call 0 spi; silent
[ ! -e "$dir/verbs" ] || complain '--showonly ran the updown command'
verbs() {
	checks=$((checks + 1))
	[ "$(cat "$dir/verbs")" = "$1" ] || complain "verbs $(cat "$dir/verbs")"
	rm -f "$dir/verbs"
}
steps() { local v; for v in $1; do echo "$v ipsec0 ${2:-192.0.2.2}"; done; }
done_ manual --up base
verbs "$(steps 'prepare-client route-client up-client' 192.0.2.7)"
call 0 spi
out '^esp0x202@192.0.2.2 ESP_AES_CBC_HMAC_SHA1: dir=out src=192.0.2.1 .*ooowin=32 '
out '^ah0x205@192.0.2.1 AH_HMAC_SHA1: dir=in  src=192.0.2.2 .*ooowin=16 '
out '^tun0x201@192.0.2.1 IPIP: dir=in  src=192.0.2.2 policy=10.2.0.0/24->10.1.0.0/24 '
call 0 spigrp; out '^tun0x200@192.0.2.2 esp0x202@192.0.2.2 ah0x204f@192.0.2.2 $'
call 0 eroute; out '^0 +10.1.0.0/24:0 +-> 10.2.0.0/24:0 +=> tun0x200@192.0.2.2:0 \(\) \(\)$'
call 1 manual --up base; err 'SA already in use'; err 'taking it down again'
rm -f "$dir/verbs"
call 0 spi; silent
call 0 eroute; silent
# a union's parts stand in the file, or in one that it includes; what an included file joins does the same
for form in '--union ends keys' more '--show more'; do
	call 0 manual --up $form
	verbs "$(steps 'prepare-host route-host up-host')"
	call 0 eroute; out '^0 +192.0.2.1/32:0 +-> 192.0.2.2/32:0 +=> ah0x300@192.0.2.2:0 '
	call 0 spi; no_out '^tun'; out '^ah0x300@192.0.2.1 '
	call 0 manual --down $form
	verbs "$(steps down-host)"
	call 0 spi; silent
done
call 0 manual --noinclude --up --union ends keys
call 0 manual --noinclude --down --union ends keys
rm "$dir/verbs"
done_ manual --route base; verbs "$(steps 'prepare-client route-client' 192.0.2.7)"
done_ manual --unroute base; verbs "$(steps unroute-client 192.0.2.7)"
done_ manual --up shunt
call 0 eroute; out '^0 +192.0.2.1/32:53 +-> 192.0.2.2/32:0 +=> %reject:17'
call 0 manual shunt down; err 'is the old form of "--down shunt"'
call 0 eroute; silent
done_ manual --up six
call 0 eroute; out '^0 +fd01::/64 +-> fd02::/64 +=> tun0x600@192.0.2.2:0 \(\) \(\)$'
done_ manual --down six
[ -z "$(find "$dir/run" -name 'manual-*')" ] || complain 'files with keys stayed'
done_ tncfg --clear
unset IPSEC_CONFS

words=pf_key
kill "$watcher"
wait "$watcher"
status=$?
watcher=''
cp "$dir/messages" "$dir/out"
checks=$((checks + 1))
[ $status = 0 ] || complain "exit status $status"
out '^$'
out '^pfkey v2 msg\. type=7\(register\) seq=1 len=[0-9]+ pid=[0-9]+ errno=0 satype=2\(AH\)$'
out '^version=2 type=3 errno=0 satype=3 len=[0-9]+ seq=1 pid=[0-9]+ \{ext=1 len=3 spi=02100000 '
out ' spi=02100000 replay=0 state=1 auth=3 encrypt=12 flags=00000000 ref=00000002 \} '
out ' \{ext=4 len=5 allocations=0 bytes=1000 addtime=0 usetime=0 packets=0 \} '
out ' \{ext=6 len=3 proto=0 prefixlen=32 addr=0x02000000c00002020000000000000000 \}'
out ' \{ext=26 len=1 proto=6 direction=0 flags=0 \}'
out '^pfkey v2 msg\. type=15\(x_delflow\)'
out '^Exiting on signal 15$'
no_out 000102030405060708090a0b0c0d0e0f
checks=$((checks + 1))
[ "$(stat -c %s "$dir/dump")" -gt 1000 ] || complain "the dump is too short"

# --- policies of the kernel's own ---------------------------------------------------------------

# Without the transforms' modules there can be policies all the same.
if ip xfrm policy add src 10.1.0.0/24 dst 10.2.0.0/24 proto udp dport 53 dir out tmpl src 192.0.2.1 \
	dst 192.0.2.2 proto esp reqid 7 mode tunnel 2>/dev/null; then
	ip xfrm policy add src 10.1.0.0/24 dst 10.9.0.0/24 dir fwd action block
	ip xfrm policy add src fd03::/16 dst ::/0 dir out
	ip xfrm policy add src fd01::/64 dst fd02::/64 dir in tmpl src fd09::1 dst fd09::2 proto ah \
		reqid 9 mode transport tmpl src 2001:db8::1 dst 2001:db8::2 proto esp mode tunnel
	call 0 policy --stack netkey
	out '^out 10\.1\.0\.0/24:0 +-> 10\.2\.0\.0/24:53 +=> tun@192\.0\.2\.2 esp@192\.0\.2\.2\(reqid 7, no SA\)'
	out '\) protocol 17$'
	out '^fwd 10\.1\.0\.0/24:0 +-> 10\.9\.0\.0/24:0 +=> %drop$'
	out '^out fd03::/16 +-> ::/0 +=> %pass$'
	out '^in +fd01::/64 +-> fd02::/64 +=> ah@fd09::2\(reqid 9, no SA\) '
	out 'tun@2001:db8::2 esp@2001:db8::2\(reqid 0, no SA\)$'
	call 0 policy --stack netkey --forward
	no_out '^(in|out)'
	call 1 policy --stack netkey --read "$dir/nothing"
	err -- '--read is for listings of klips'
fi
