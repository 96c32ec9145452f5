# openssl's server reads its database once
[ $server != ocsp ] || {
	kill $(cat /run/modswan/server.pid)
	wait_for 10 gone $(cat /run/modswan/server.pid)
	serve_ocsp
}
