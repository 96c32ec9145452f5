ipsec trafficstatus
ipsec eroute
assert_ge "octets out" "$(traffic west-east out)" 100000000
# only acknowledgements come back
assert_ge "octets in" "$(traffic west-east in)" 100000
assert_ge "packets of the eroute" "$(eroute_packets $west_net $east_net)" 60000
traffic west-east in >"$world/west-in"
traffic west-east out >"$world/west-out"
