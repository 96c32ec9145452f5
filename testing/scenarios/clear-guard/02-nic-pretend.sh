[ "${family:-4}" = 4 ] && bits=32 || bits=128
ip address add $east_client/$bits dev lo
ip route add $west_net via $west_address
say_as $east_client $west_client before
