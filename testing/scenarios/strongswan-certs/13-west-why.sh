assert_match $rundir/pluto.log "certificate of 'C=CH, O=ModSwan, CN=east': .*revoked"
no_tunnel west-east
