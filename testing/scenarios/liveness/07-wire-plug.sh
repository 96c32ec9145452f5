ip link set east.eth1 up
