ip address del $west_address/$bits dev eth1
routed() { ip $version -o route get $east_address | grep -F "dev ipsec0 src $other"; }
moved() { eroute_is $other/$host_bits $east_address/$host_bits %trap && routed; }
wait_for 10 moved
eroute_is_not $west_address/$host_bits $east_address/$host_bits
answered() { ping -n -c 1 -W 1 $east_address; }
wait_for 10 answered
eroute_is $other/$host_bits $east_address/$host_bits esp
ipsec spi | assert_no_match - "$west_address"
