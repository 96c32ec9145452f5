# what comes out of the tunnel is checked against the policy of --addin
other=${east_net/:2::/:7::}
ipsec eroute --addin --eraf $af --src ${other/192.0.2.0/192.0.7.0} --dst $west_net \
	--said tun${dot}1001@$west_address
ipsec klipsdebug --counters | grep in_policy
