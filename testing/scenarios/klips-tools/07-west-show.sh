# the commands, without a key
ipsec manual --showonly --down by-hand | tee /run/show
assert_match /run/show "^ipsec eroute --label by-hand --del --eraf inet --src $west_net --dst $east_net$"
assert_match /run/show "^ipsec spi --label by-hand --del --af inet --edst $east_address --spi 0x200 --proto tun$"
ipsec manual --showonly --up by-hand | tee /run/show
assert_match /run/show "^ipsec spi .* --esp aes128-sha1-96 --enckey '\(key\)' --authkey '\(key\)' --replay_window 64$"
assert_no_match /run/show '00112233|01010101'
must_fail ipsec manual --up no-keys |
	assert_match - 'fatal error in "no-keys": esp= without espenckey= or leftespenckey='
must_fail ipsec manual --up nosuch | assert_match - 'fatal error in "nosuch": '
must_fail ipsec manual --up ends | assert_match - 'neither spi= nor spibase= is written'
# up twice: what is there stays the other's, and what came is taken down
must_fail ipsec manual --up by-hand | assert_match - 'SA already in use'
# a connection that is broken is nobody else's trouble, the service's neither, which starts again below
ipsec checkconfig
printf '\nconn broken\n\talso=ends\n\tkeylife=never\n\tauto=add\n' >>/run/modswan/etc/ipsec.conf
must_fail ipsec checkconfig | assert_match - 'ipsec.conf:[0-9]+: keylife="never": expected a time'
must_fail ipsec manual --showonly --up broken | assert_match - 'keylife="never": expected a time'
must_fail ipsec auto --add broken | assert_match - 'ipsec.conf:[0-9]+: keylife="never": expected a time'
ipsec manual --showonly --up by-hand | assert_match - '^ipsec spi '
ipsec auto --add ends
ipsec auto --delete ends
