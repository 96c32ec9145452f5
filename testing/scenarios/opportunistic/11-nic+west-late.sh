# seconds: 60
if [ $host = nic ]; then
	kill -CONT $(cat /run/modswan/nsd.pids)
else
	# late answers are answers
	wait_for 40 eroute_is 2001:db8:1:2::45/128 2001:db8:1:2::23/128 tun
	ping_ok 2001:db8:1:2::23 5
	assert_match $rundir/pluto.log 'gateway of 2001:db8:1:2::23 is 2001:db8:1:2::23, by its TXT record \(secure\)'
	assert_match $rundir/pluto.log "authenticated peer '2001:db8:1:2::23' with "
	assert_eq "afterwards" "$(ipsec showpolicy 2001:db8:1:2::45 2001:db8:1:2::23)" secure
	# its address is its name, in each family
	assert_match <(ipsec status) '%myid = 192.1.2.45$'
	assert_match $rundir/pluto.log '%myid at 2001:db8:1:2::45 is 2001:db8:1:2::45'
fi
