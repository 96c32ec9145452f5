# klips alone: there is no pluto
"$(ipsec --directory)/klips" --rundir "$rundir" --confdir "$confdir"
daemon_runs klips
ipsec tncfg --attach --virtual ipsec0 --physical eth1
# no socket for protocol 4 yet
assert_no_match /proc/net/raw '^ *[0-9]+: [0-9A-F]+:0004 '
for toward in west east; do
	[ $toward = east ] && from=west spi=0x1002 || from=east spi=0x1001
	from=${from}_address to=${toward}_address
	ipsec spi --ip4 --af inet --edst ${!to} --spi $spi --proto tun --src ${!from} --dst ${!to} --bare yes
done
assert_match /proc/net/raw '^ *[0-9]+: [0-9A-F]+:0004 '
if [ "$host" = west ]; then
	mine=$west_net theirs=$east_net out=tun.1002@$east_address in=tun.1001@$west_address inside=$west_inside
else
	mine=$east_net theirs=$west_net out=tun.1001@$west_address in=tun.1002@$east_address inside=$east_inside
fi
ipsec eroute --add --eraf inet --src $mine --dst $theirs --said $out
ipsec eroute --addin --eraf inet --src $theirs --dst $mine --said $in
ip route add $theirs dev ipsec0 src $inside
