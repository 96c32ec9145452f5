has_address() { ip -o address show dev ipsec0 | grep -F " $1/"; }
has_none() { ! has_address "$1"; }
ip address add 192.1.2.77/24 dev eth1
ip address add 2001:db8:1:2::77/64 dev eth1 nodad
wait_for 10 has_address 192.1.2.77
wait_for 10 has_address 2001:db8:1:2::77
ip address del 192.1.2.77/24 dev eth1
ip address del 2001:db8:1:2::77/64 dev eth1
wait_for 10 has_none 192.1.2.77
wait_for 10 has_none 2001:db8:1:2::77
has_address $west_address
ip route show dev ipsec0 | assert_match - "^$east_net "
# the only one of IPv4 goes and comes back, then another takes its place
ip address add 2001:db8:1:2::77/64 dev eth1 nodad
ip address del 192.1.2.45/24 dev eth1
wait_for 10 has_address 2001:db8:1:2::77
ip route show dev ipsec0 | assert_match - "^$east_net "
ip address add 192.1.2.78/24 dev eth1
wait_for 10 has_none 192.1.2.45
has_address 192.1.2.78
ip route show dev ipsec0 | assert_match - "^$east_net "
ip address del 192.1.2.78/24 dev eth1
ip address add 192.1.2.45/24 brd + dev eth1
ip address del 2001:db8:1:2::77/64 dev eth1
wait_for 10 has_none 192.1.2.78
has_address 192.1.2.45
ip route show dev ipsec0 | assert_match - "^$east_net "
pings() { ping -n -c 1 -W 1 -I 192.0.1.254 192.0.2.254 >/dev/null; }
wait_for 30 pings
