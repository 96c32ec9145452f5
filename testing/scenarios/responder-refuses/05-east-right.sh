cp -p /run/right "$confdir/$spoiled"
ipsec auto --rereadsecrets
ipsec auto --replace west-east
