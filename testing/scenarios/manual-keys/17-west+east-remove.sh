[ "$host" = west ] && mine=$west_net theirs=$east_net || mine=$east_net theirs=$west_net
ip route del $theirs dev ipsec0
ipsec eroute --del --eraf $af --src $mine --dst $theirs
assert_eq "eroutes" "$(ipsec eroute)" ""
must_fail ipsec eroute --del --eraf $af --src $mine --dst $theirs | assert_match - "doesn't exist"
# one member of a group takes the others with it
ipsec spi --del --af $af --edst $west_address --spi 0x1001f --proto esp
ipsec spi | assert_no_match - "@$west_address "
must_fail ipsec spi --del --said tun${dot}1001@$west_address | assert_match - 'SA does not exist'
# a group of one
ipsec spigrp --said tun${dot}1002@$east_address
ipsec spi --del --said tun${dot}1002@$east_address
ipsec spi | assert_match - "^esp${in_listing}1002f@$east_address"
ipsec spi --clear
assert_eq "SAs" "$(ipsec spi)" ""
ipsec tncfg --detach --virtual ipsec0
assert_eq "devices" "$(ipsec tncfg)" ""
must_fail ip link show ipsec0
