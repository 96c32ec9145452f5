mtu_is() { ipsec tncfg | grep -E -- "^ipsec0 -> eth1 mtu=$1\($1\) -> $2$"; }
before=$(ipsec tncfg)
ip link set eth1 mtu 1400
wait_for 10 mtu_is '13[0-9][0-9]' 1400
ip link show ipsec0 | assert_match - ' mtu 13[0-9][0-9] '
ip link set eth1 mtu 1500
wait_for 10 mtu_is '14[0-9][0-9]' 1500
assert_eq "the devices, as at first" "$(ipsec tncfg)" "$before"
