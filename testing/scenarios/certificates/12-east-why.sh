assert_match $rundir/pluto.log 'no valid revocation list says that it is good \(crl-strict=yes\)'
