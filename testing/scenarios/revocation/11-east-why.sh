west="certificate of 'C=CH, O=ModSwan, CN=west'"
case $server in
http) assert_match $rundir/pluto.log "$west: .*revoked" ;;
ocsp) assert_match $rundir/pluto.log "$west: revoked, says the OCSP server" ;;
esac
