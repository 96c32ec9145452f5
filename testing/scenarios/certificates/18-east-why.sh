if [ $westid = @west ]; then
	west="certificate of 'C=CH, O=ModSwan, CN=west'"
	mallory="certificate of 'C=CH, O=ModSwan, CN=mallory'"
	assert_match $rundir/pluto.log "$west: .*(unable to get|self-signed)"
	assert_match $rundir/pluto.log "$mallory: the peer's identity '@west' is not in it"
fi
