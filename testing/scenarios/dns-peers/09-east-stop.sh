# the file of name servers changes: it is read again, and what is there still answers
echo "# changed" >>$confdir/resolv.conf
read_again() {
	ipsec auto --up missing >/run/modswan/missing.txt
	grep 'resolv.conf has changed: reading it again' $rundir/pluto.log
}
wait_for 20 read_again
must_fail ipsec auto --up missing | assert_match - 'knows no name missing.example.com'
modswan_stop
