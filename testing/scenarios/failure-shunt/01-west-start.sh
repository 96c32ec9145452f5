sed -i -e 's/^config setup/&\n\tshuntlifetime=3s/' \
	-e 's/^\tauto=add/&\n\tfailureshunt=reject\n\tretransmit-timeout=3s/' $confdir/ipsec.conf
modswan_start
ipsec auto --route west-east
eroute_is $west_net $east_net %trap
