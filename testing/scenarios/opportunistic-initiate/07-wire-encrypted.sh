capture_stop public
# the pattern of east's pings
assert_eq "pings of east in clear" "$(tcpdump -A -n -r "$world/public.pcap" icmp 2>/dev/null | grep -c 'Encrypt!')" 0
assert_ge "ESP" "$(capture_count public 'ip proto 50')" 24
