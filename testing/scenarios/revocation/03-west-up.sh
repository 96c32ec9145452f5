if [ $server != silent ]; then
	ipsec auto --up west-east | tee /run/modswan/up.txt
	assert_match /run/modswan/up.txt '^004 .*west-east.* established'
	exit
fi
ipsec auto --asynchronous --up west-east
# east waits for the list that west's certificate names
wait_for 20 grep 'connection from 192.1.2.23' $world/nic/server.log
before=$(date +%s%N)
ipsec auto --up others | tee /run/modswan/others.txt
assert_match /run/modswan/others.txt '^004 .*others.* established'
took=$((($(date +%s%N) - before) / 1000000))
echo "the other connection was up after $took ms"
[ $took -lt 6000 ] || fail "the other connection waited too"
ipsec trafficstatus | assert_no_match - west-east
tunnel_up() {
	ipsec trafficstatus | grep '"west-east"'
}
wait_for 45 tunnel_up
