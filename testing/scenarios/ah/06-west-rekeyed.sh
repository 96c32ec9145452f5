newest() {
	ipsec status | sed -n 's/.*"west-east".*newest IPsec SA: #\([0-9]*\).*/\1/p' | awk '!n++'
}
first=$(newest)
rekeyed() {
	[ "$(newest)" != "$first" ] && [ -n "$(newest)" ] && [ "$(newest)" != 0 ]
}
wait_for 20 rekeyed
