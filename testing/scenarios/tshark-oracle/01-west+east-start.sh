"$(command ipsec --directory)/klips" --rundir "$rundir" --confdir "$confdir"
daemon_runs klips
ipsec tncfg --attach --virtual ipsec0 --physical eth1
[ "$host" = west ] && mine=1 theirs=2 || mine=2 theirs=1
ip address add 10.$mine.0.1/32 dev lo
ip address add fd0$mine::1/128 dev lo nodad
ip route add 10.$theirs.0.0/24 dev ipsec0 src 10.$mine.0.1
ip route add fd0$theirs::/64 dev ipsec0 src fd0$mine::1
