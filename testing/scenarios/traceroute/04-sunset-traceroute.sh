ping_ok $east_client
[ "${family:-4}" = 4 ] && here=192.0.1.254 there=192.0.2.254 || here=2001:db8:0:1::254 there=2001:db8:0:2::254
# the default: east has an address inside the tunnel and speaks by it
wait_for 30 hops_are $east_client $here $there $east_client
