ipsec auto --down west-east
