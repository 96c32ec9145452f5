other=$(python3 "$top/testing/lib/rsakey.py" public "$world/road/etc/ipsec.d/private/road.pem")
cp -p "$confdir/$spoiled" /run/right
sed -i "${spoil//@other@/$other}" "$confdir/$spoiled"
cmp -s "$confdir/$spoiled" /run/right && fail "nothing was made wrong"
modswan_start
