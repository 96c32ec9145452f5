# seconds: 60
ping_ok 192.1.2.23 5
eroute_is 192.1.2.45/32 192.1.2.23/32 tun
assert_ge "packets to east" "$(eroute_packets 192.1.2.45/32 192.1.2.23/32)" 5
ping_ok 192.1.3.33 5
eroute_is 192.1.2.45/32 192.1.3.33/32 tun
ipsec eroute
ipsec status >/run/modswan/status.txt
assert_match $rundir/pluto.log '\(secure\)'
