assert_match $rundir/pluto.log "authenticated peer '@east.example.com' with "
eroute_is 192.1.2.45/32 192.1.2.23/32 tun
assert_eq "afterwards" "$(ipsec showpolicy 192.1.2.45 192.1.2.23)" secure
ping_ok 192.1.2.23 2
