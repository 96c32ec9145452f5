# what lib/topology.sh did
ip link add west.eth1 up master public type veth peer name eth1 netns "$(world_pid west)"
