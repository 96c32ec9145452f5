case $server in
http)
	ipsec auto --listcrls | tee /run/modswan/crls.txt
	assert_match /run/modswan/crls.txt 'issuer: C=CH, O=ModSwan, CN=root'
	assert_match /run/modswan/crls.txt 'revoked certs: 0'
	;;
ocsp) ipsec auto --listocsp | assert_match - ' 1 good' ;;
silent) assert_match $rundir/pluto.log 'http://192.1.2.254:8080/root.crl: .*no answer in time' ;;
esac
