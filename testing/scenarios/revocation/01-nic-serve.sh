case $server in
http)
	python3 -m http.server -d $world/ca -b 192.1.2.254 8080 >/run/modswan/server.log 2>&1 &
	wait_for 20 sh -c 'ss -Hltn | grep :8080'
	;;
ocsp) serve_ocsp ;;
silent)
	"$top/testing/lib/silent-server.py" 192.1.2.254 8080 /run/modswan/server.log &
	wait_for 20 grep ready /run/modswan/server.log
	;;
esac
