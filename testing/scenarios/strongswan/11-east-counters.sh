swanctl --list-sas
assert_ge "octets in" "$(strongswan_bytes in)" 100000000
assert_ge "octets out" "$(strongswan_bytes out)" 100000
