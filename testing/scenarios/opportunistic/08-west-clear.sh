# seconds: 90
# nic has no key: in the clear by its group, and by a shunt where nothing is published (its other address)
ping_ok 192.1.2.254 2
shunted() {
	ping -n -c 1 -W 1 192.1.3.254 >/dev/null && eroute_is 192.1.2.45/32 192.1.3.254/32 %pass
}
wait_for 60 shunted
ipsec whack --shuntstatus | assert_match - '192\.1\.2\.45/32.*192\.1\.3\.254/32.*%pass'
