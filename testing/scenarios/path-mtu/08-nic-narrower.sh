ip route replace $near_net dev eth1 proto kernel metric $metric mtu lock $narrower
