# charon wants an address of its own in every network that it protects
for net in 10.2 10.22 10.4 10.44; do
	ip addr add $net.0.254/24 dev eth0
done
strongswan_start
