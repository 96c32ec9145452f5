cp -p /run/right "$confdir/$file"
ipsec auto --rereadsecrets
ipsec auto --replace west-east
