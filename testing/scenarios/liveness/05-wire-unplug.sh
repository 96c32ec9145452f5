ip link set east.eth1 down
