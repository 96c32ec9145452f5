# seconds: 120
if [ $df = clear ]; then
	ping_sized $big do $north_client | assert_match - ' 3 received'
	send_bytes $north_client 2
	datagram_df $north_client $big
	exit 0
fi
# the first is lost, then there is an answer
refused() {
	ping_sized $big do $north_client | grep -E 'Frag needed|too big|message too long'
}
wait_for 20 refused
ping_sized $big do $north_client | assert_match - ' 0 received'
ping_sized $small do $north_client | assert_match - ' 3 received'
send_bytes $north_client 2
wait_for 20 must_fail datagram_df $north_client $big
datagram_df $north_client $small
datagram_no_df $north_client $big
datagram_no_df $north_client 8000
# the answers' sender has to learn, too
in_fragments() {
	ping_sized 4000 dont $north_client | grep ' 3 received'
}
wait_for 20 in_fragments
