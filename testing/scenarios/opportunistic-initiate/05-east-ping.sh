# seconds: 60
tunnelled() {
	ping -n -c 1 -W 1 192.1.2.45 >/dev/null
	eroute_is 192.1.2.23/32 192.1.2.45/32 tun
}
wait_for 40 tunnelled
# nobody wrote myid=: its own name is where its key was found
assert_match <(ipsec status) '%myid = @east.example.com'
assert_match $rundir/pluto.log '%myid at 192.1.2.23 is @east.example.com: a key of ours is published'
ping_counted 10 20 -i 0.2 -p 456e637279707421 192.1.2.45 | tee /run/modswan/ping.txt
assert_match /run/modswan/ping.txt ' 10 received'
assert_eq "east" "$(ipsec showpolicy 192.1.2.23 192.1.2.45)" secure
assert_match $rundir/pluto.log "authenticated peer '192.1.2.45' with "
