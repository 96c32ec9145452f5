other=$(python3 "$top/testing/lib/rsakey.py" public "$world/road/etc/ipsec.d/private/road.pem")
cp -p "$confdir/$file" /run/right
sed -i "${wrong//@other@/$other}" "$confdir/$file"
cmp -s "$confdir/$file" /run/right && fail "nothing was made wrong"
modswan_start
