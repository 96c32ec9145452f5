if [ "$host" = west ]; then
	mine=$west_net theirs=$east_net out=tun${dot}1002@$east_address in=tun${dot}1001@$west_address
	inside=$west_inside
else
	mine=$east_net theirs=$west_net out=tun${dot}1001@$west_address in=tun${dot}1002@$east_address
	inside=$east_inside
fi
ipsec eroute --add --eraf $af --src $mine --dst $theirs --said $out
must_fail ipsec eroute --add --eraf $af --src $mine --dst $theirs --said $out |
	assert_match - 'already in use'
ipsec eroute --replace --eraf $af --src $mine --dst $theirs --said $out
ipsec eroute --addin --eraf $af --src $theirs --dst $mine --said $in
ip route add $theirs dev ipsec0 src $inside
