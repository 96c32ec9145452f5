eroute_is $west_address/$host_bits $east_address/$host_bits %trap
answered() { ping -n -c 1 -W 1 $east_address; }
wait_for 10 answered
eroute_is $west_address/$host_bits $east_address/$host_bits esp
