if [ "$host" = west ]; then
	mine=$west_net theirs=$east_net out=tun${dot}1002@$east_address in=tun${dot}1001@$west_address
	there=dst
else
	mine=$east_net theirs=$west_net out=tun${dot}1001@$west_address in=tun${dot}1002@$east_address
	there=src
fi
ipsec eroute
ipsec klipsdebug --counters | assert_match - '^fragment_lost +0 '
ipsec eroute --del --eraf $af --src $mine --dst $theirs --transport-proto udp --$there-port 5002
ipsec eroute --replace --eraf $af --src $mine --dst $theirs --said $out
ipsec eroute --addin --eraf $af --src $theirs --dst $mine --said $in
