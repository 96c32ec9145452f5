# seconds: 800
capture_start public
rc=0
# shellcheck disable=SC2086
python3 -B "$top/testing/lib/interop.py" "$world" "$stage/sbin/ipsec" "$peer" "$peer_label" $conns || rc=$?
capture_stop public
[ $rc = 0 ] || fail "cells of the table failed, see interop.tsv"
kind=natt
[ -z "${MS_KERNEL:-}" ] || kind=esp
[[ " $conns " != *" nat "* ]] || kind=either
# a gateway that lost its address says so to who sends there
[[ " $conns " != *" mobike "* ]] || filter_talk+=' or icmp[0] = 3 or (ip6[6] = 58 and ip6[40] = 1)'
only_esp_on_wire public 20 $kind
[ "${charon_ike:-}" != 4 ] || python3 -B "$top/testing/lib/ike_oracle.py" "$world/public.pcap" \
	"$world/east/charon.log" 192.1.2.45 192.1.2.46 192.0.1.254 2001:db8:1:2::45 2001:db8:1:2::46 \
	2001:db8:0:1::254
