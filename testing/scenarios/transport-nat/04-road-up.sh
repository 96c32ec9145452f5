ipsec auto --up to-east | tee /run/up
assert_match /run/up '^004 .*to-east.* established transport mode \{ESPinUDP'
ping_ok 192.1.2.23
