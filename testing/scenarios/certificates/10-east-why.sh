assert_match $rundir/pluto.log "certificate of 'C=CH, O=ModSwan, CN=west': .*revoked"
# from now on lists are required, and there is one that says nothing about west
sed -i 's/^config setup/&\n\tcrl-strict=yes/' $confdir/ipsec.conf
rm $confdir/ipsec.d/crls/*
ipsec auto --rereadall
