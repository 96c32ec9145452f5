case $server in
http)
	ipsec auto --fetchcrls
	fetched() {
		ipsec auto --listcrls | grep 'revoked certs: 1'
	}
	wait_for 20 fetched
	;;
ocsp) ipsec auto --purgeocsp ;;
esac
