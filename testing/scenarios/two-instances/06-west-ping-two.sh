ping_ok 192.0.2.254 5 192.0.4.1
assert_ge "octets of one" "$(instance one traffic tunnel-one in)" 420
assert_ge "octets of two" "$(instance two traffic tunnel-two in)" 420
assert_eq "octets of two in one" "$(instance one traffic tunnel-two in)" 0
