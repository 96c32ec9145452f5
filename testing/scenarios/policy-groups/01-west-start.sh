modswan_start
wait_for 10 eroute_is 192.1.2.45/32 192.1.2.254/32 %pass
wait_for 10 eroute_is 192.1.2.45/32 192.1.2.23/32 %reject
# a network behind us has lists of its own
wait_for 10 eroute_is 192.0.1.0/24 198.51.100.0/24 %reject
ipsec eroute
ipsec status >/run/modswan/status.txt
assert_match /run/modswan/status.txt '"clear#192.1.2.254/32": 192.1.2.45.*\.\.\.%group===192.1.2.254/32;'
assert_match /run/modswan/status.txt '"clear#192.1.2.254/32": .*; prospective erouted; eroute owner: #0'
ipsec status | assert_match - '"private": .*\.\.\.%opportunisticgroup; '
ping_ok 192.1.2.254 2
ping_fails 192.1.2.23
