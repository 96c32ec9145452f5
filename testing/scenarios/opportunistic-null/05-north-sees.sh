assert_match $rundir/pluto.log 'the peer at 192.1.2.45 is NOT authenticated'
ipsec status | assert_match - 'private.*192\.1\.2\.45.*peer NOT authenticated'
