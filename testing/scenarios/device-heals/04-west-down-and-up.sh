ip link set eth1 down
# no path, and no way around: ipsec0 stays
ip route show dev ipsec0 | assert_match - "^$east_net "
ip link set eth1 up
