ip link delete eth1
gone_below() { ipsec tncfg | grep -E -- '^ipsec0 -> eth1 mtu=.* -> 0$'; }
wait_for 10 gone_below
ip route show dev ipsec0 | assert_match - "^$east_net "
