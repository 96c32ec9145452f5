# only UDP with port 5002 may go through the tunnel, and come out of it
if [ "$host" = west ]; then
	mine=$west_net theirs=$east_net out=tun${dot}1002@$east_address in=tun${dot}1001@$west_address
	there=dst back=src
else
	mine=$east_net theirs=$west_net out=tun${dot}1001@$west_address in=tun${dot}1002@$east_address
	there=src back=dst
fi
ipsec eroute --replace --eraf $af --src $mine --dst $theirs --said %drop
ipsec eroute --add --eraf $af --src $mine --dst $theirs --transport-proto udp --$there-port 5002 --said $out
ipsec eroute --addin --eraf $af --src $theirs --dst $mine --transport-proto udp --$back-port 5002 --said $in
