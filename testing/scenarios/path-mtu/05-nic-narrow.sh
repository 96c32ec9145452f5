# its own links stay: routers far away do not tell either
ip route replace $near_net dev eth1 proto kernel metric $metric mtu lock $narrow
ip route replace $far_net dev eth0 proto kernel metric $metric mtu lock $narrow
