# seconds: 60
while read -r address _; do
	ip address add "$address/24" dev eth1
done <$confdir/addresses
modswan_start
all_there() {
	[ "$(ipsec eroute | grep -c '=> %')" = $1 ]
}
[ $host = west ] && all=108 || all=10
wait_for 30 all_there $all
