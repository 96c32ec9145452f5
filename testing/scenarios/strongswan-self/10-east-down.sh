swanctl --list-sas
assert_ge "bytes in" "$(strongswan_bytes in)" 20000000
swanctl --terminate --ike west-east
