# seconds: 60
# another name, under which nothing is published
modswan_stop
sed -i 's/^\tprotostack/\tmyid=@nobody.example.com\n&/' $confdir/ipsec.conf
modswan_start
assert_match <(ipsec status) '%myid = @nobody.example.com'
wait_for 20 eroute_is 192.1.2.23/32 192.1.2.0/24 %trap
refused() {
	ping -n -c 1 -W 1 192.1.2.45 >/dev/null
	grep -q 'AUTHENTICATION_FAILED' $rundir/pluto.log
}
wait_for 40 refused
wait_for 20 eroute_is 192.1.2.23/32 192.1.2.45/32 %pass
