encapsulation=${encapsulation:-auto} df=${df:-copy}
# octets of inner packets that pass only before, and those that always pass
big=1400
if [ "${family:-4}" = 4 ]; then
	west_address=192.1.2.45 west_net=192.0.1.0/24 west_client=192.0.1.1 far_net=192.1.2.0/24
	north_address=192.1.3.33 north_net=192.0.3.0/24 north_client=192.0.3.1 near_net=192.1.3.0/24
	narrow=1300 narrower=1000 small=1100 metric=0
else
	west_address=2001:db8:1:2::45 west_net=2001:db8:0:1::/64 west_client=2001:db8:0:1::1
	north_address=2001:db8:1:3::33 north_net=2001:db8:0:3::/64 north_client=2001:db8:0:3::1
	far_net=2001:db8:1:2::/64 near_net=2001:db8:1:3::/64
	narrow=1400 narrower=1290 small=1280 metric=256
fi
