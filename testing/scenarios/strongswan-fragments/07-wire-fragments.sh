capture_stop public
only_esp_on_wire public 4 natt
# IKE on port 500 and, after four octets of zeroes, on 4500: its next payload is the 17th octet
skf='((udp port 500 and udp[24] = 53) or (udp port 4500 and udp[8:4] = 0 and udp[28] = 53))'
ike='(udp port 500 or (udp port 4500 and udp[8:4] = 0))'
ours=$(capture_count public "src host $west_address and $skf")
theirs=$(capture_count public "src host $east_address and $skf")
large=$(capture_count public "$ike and ip[2:2] > 576")
echo "fragments of west $ours, of east $theirs; $large IKE datagrams above 576 octets"
if [ "$fragmentation" = force ]; then
	assert_ge "fragments of west" "$ours" 2
	assert_ge "fragments of east" "$theirs" 2
	[ "$large" = 0 ] || fail "$large IKE datagrams are too large"
else
	[ "$ours" = 0 ] && [ "$theirs" = 0 ] || fail "fragments, though we cannot"
	assert_ge "large datagrams" "$large" 2
fi
