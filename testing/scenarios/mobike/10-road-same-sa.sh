if [ "$client" = strongswan ]; then
	swanctl --list-sas | grep -o '^road-east: #[0-9]*' >/run/after
else
	ipsec status | sed -nE 's/.*(#[0-9]+): .*newest ISAKMP;.*/\1/p' >/run/after
	[ "$server" = strongswan ] || ipsec trafficstatus | sed 's/,.*//' >>/run/after
fi
grep -q '#' /run/before
diff /run/before /run/after
