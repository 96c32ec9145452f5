# klips alone: there is no pluto
"$(ipsec --directory)/klips" --rundir "$rundir" --confdir "$confdir"
daemon_runs klips
ipsec tncfg --attach --virtual ipsec0 --physical eth1
for toward in west east; do
	[ $toward = east ] && from=west spi=0x1002 || from=east spi=0x1001
	from=${from}_address to=${toward}_address key=key_toward_$toward auth=auth_toward_$toward
	ipsec spi $tunnel --af $af --edst ${!to} --spi $spi --proto tun --src ${!from} --dst ${!to} --df clear
	ipsec spi --esp $alg --af $af --edst ${!to} --spi ${spi}f --proto esp --src ${!from} \
		--enckey ${!key} --authkey ${!auth} --replay_window 64
	ipsec spigrp $af ${!to} $spi tun $af ${!to} ${spi}f esp
done
if [ "$host" = west ]; then
	mine=$west_net theirs=$east_net out=tun${dot}1002@$east_address in=tun${dot}1001@$west_address
	inside=$west_inside
else
	mine=$east_net theirs=$west_net out=tun${dot}1001@$west_address in=tun${dot}1002@$east_address
	inside=$east_inside
fi
ipsec eroute --add --eraf $af --src $mine --dst $theirs --said $out
ipsec eroute --addin --eraf $af --src $theirs --dst $mine --said $in
ip route add $theirs dev ipsec0 src $inside
