if [ $westid = @west ]; then
	assert_match $rundir/pluto.log "certificate of 'C=CH, O=ModSwan, CN=west': .*(unable to get|self-signed)"
	assert_match $rundir/pluto.log "certificate of 'C=CH, O=ModSwan, CN=mallory': the peer's identity '@west' is not in it"
fi
