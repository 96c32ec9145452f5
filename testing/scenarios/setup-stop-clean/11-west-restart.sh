ipsec setup restart
ipsec auto --up west-east
