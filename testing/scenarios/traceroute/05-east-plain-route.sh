# a route without source address, as one that a person writes; east then speaks by its public one
[ "${family:-4}" = 6 ] || ip route replace $west_net dev ipsec0
