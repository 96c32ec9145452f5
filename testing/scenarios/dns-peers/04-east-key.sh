assert_match $rundir/pluto.log '@west.example.com has published 1 key \(secure\)'
