ipsec tncfg --create ipsec3
must_fail ipsec tncfg --create ipsec3 | assert_match - 'already'
ipsec tncfg | assert_match - '^ipsec3 -> NULL mtu=0\(0\) -> 0$'
ip link show ipsec3
must_fail ipsec tncfg --detach --virtual ipsec3 | assert_match - 'not attached'
ipsec tncfg --attach --virtual ipsec3 --physical eth0 --mtu 1234
ipsec tncfg | assert_match - '^ipsec3 -> eth0 mtu=1234\(1234\) -> 1500$'
ip -o address show dev ipsec3 | assert_match - ' 192.0.1.254/32'
ipsec tncfg --detach --virtual ipsec3
ipsec tncfg | assert_match - '^ipsec3 -> NULL mtu=0\(0\) -> 0$'
assert_eq "addresses of ipsec3" "$(ip -o -4 address show dev ipsec3)" ""
ipsec tncfg --delete ipsec3
must_fail ip link show ipsec3
