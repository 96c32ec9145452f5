if [ $mssclamp = no ]; then
	ipsec tncfg --attach --virtual ipsec0 --physical eth1 --mss 1100
fi
ipsec tncfg
