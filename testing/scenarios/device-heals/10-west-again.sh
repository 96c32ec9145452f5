# what the host's network scripts would do
ip address add 192.1.2.45/24 brd + dev eth1
ip address add 2001:db8:1:2::45/64 dev eth1 nodad
ip link set eth1 up
back() { ipsec tncfg | grep -E -- '^ipsec0 -> eth1 mtu=.* -> 1500$'; }
wait_for 10 back
