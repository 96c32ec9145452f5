# seconds: 60
ipsec why 192.1.2.45 192.1.2.23 | assert_match - 'makes it negotiate with its destination, which has to prove nothing'
wait_for 20 ping -n -c 1 -W 2 192.1.2.23
ping_ok 192.1.2.23 5
eroute_is 192.1.2.45/32 192.1.2.23/32 tun
assert_ge "packets to east" "$(eroute_packets 192.1.2.45/32 192.1.2.23/32)" 5
# marked as what it is
ipsec status | assert_match - '192\.1\.2\.23:500 STATE.*eroute owner; .*; peer NOT authenticated'
ipsec why 192.1.2.45 192.1.2.23 | assert_match - 'decides: packets go through its tunnel; the peer is not authenticated'
assert_match $rundir/pluto.log 'the peer at 192.1.2.23 is NOT authenticated'
assert_eq "east" "$(ipsec showpolicy 192.1.2.45 192.1.2.23)" anonymous
# a server that proves itself, by its record
wait_for 20 ping -n -c 1 -W 2 192.1.3.33
ping_ok 192.1.3.33 5
assert_eq "north" "$(ipsec showpolicy 192.1.2.45 192.1.3.33)" secure
ipsec briefstatus | assert_match - '^000 IKE SAs: .* authenticated\(1\), anonymous\(1\)'
eroute_is 192.1.2.45/32 192.1.3.33/32 tun
assert_match $rundir/pluto.log "authenticated peer '192.1.3.33' with "
assert_match $rundir/pluto.log 'gateway of 192.1.3.33 is .* \(secure\)'
assert_no_match $rundir/pluto.log 'the peer at 192.1.3.33 is NOT authenticated'
# nobody else has been asked for
assert_no_match $rundir/pluto.log 'gateway of 192.1.2.23'
ipsec eroute
