ipsec auto --route west-east
