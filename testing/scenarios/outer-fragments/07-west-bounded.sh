limit=$(cat /proc/sys/net/ipv4/ipfrag_high_thresh) files=/proc/net/sockstat
[ "${family:-4}" = 4 ] || { limit=$(cat /proc/sys/net/ipv6/ip6frag_high_thresh) files=/proc/net/sockstat6; }
cat $files
held=$(awk '/FRAG/ { print $5 }' $files)
# the last one may go over it
[ "$held" -le $((limit + 65536)) ] || fail "fragments hold $held octets, the bound is $limit"
if [ "${family:-4}" = 4 ]; then
	came=$(awk '/^Ip:/ { if (n == 0) { for (i = 1; i <= NF; i++) if ($i == "ReasmReqds") n = i } else print $n }' \
		/proc/net/snmp)
else
	came=$(awk '$1 == "Ip6ReasmReqds" { print $2 }' /proc/net/snmp6)
fi
assert_ge "fragments that came" "$came" 10000
# 20,000 of them have come, and klips saw none
ipsec klipsdebug --counters | assert_match - '^in_(no_sa|runt) +0 '
n=$(ipsec klipsdebug --counters | awk '$1 == "in_read" { print $2 }')
[ "$n" -lt 100 ] || fail "klips read $n packets"
rss=$(awk '/VmRSS/ { print $2 }' "/proc/$(daemon_pid klips)/status")
echo "klips has $rss kB, had $(cat /run/rss)"
[ "$rss" -lt $(($(cat /run/rss) + 8000)) ] || fail "klips grew"
