ping_ok $east_client
# charon makes its CHILD SA anew after a move: libipsec cannot change one
if [ "$client" = strongswan ]; then
	swanctl --list-sas | grep -o '^road-east: #[0-9]*' >/run/before
else
	ipsec status | sed -nE 's/.*(#[0-9]+): .*newest ISAKMP;.*/\1/p' >/run/before
	[ "$server" = strongswan ] || ipsec trafficstatus | sed 's/,.*//' >>/run/before
fi
cat /run/before
