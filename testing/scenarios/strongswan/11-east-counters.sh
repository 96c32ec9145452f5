swanctl --list-sas | tee /run/sas
assert_match /run/sas "west-east:.*INSTALLED, TUNNEL-in-UDP, ESP:$their_cipher"
assert_match /run/modswan/charon.log "authentication of 'west' with $their_proof successful"
assert_ge "octets in" "$(strongswan_bytes in)" 100000000
assert_ge "octets out" "$(strongswan_bytes out)" 100000
# nothing was sent since west was asked; what the one sent, the other got, a few packets perhaps not
out=$(cat "$world/west-out")
assert_ge "octets from west: sent" "$out" "$(strongswan_bytes in)"
assert_ge "octets from west: received" "$(strongswan_bytes in)" $((out / 100 * 70))
out=$(strongswan_bytes out)
assert_ge "octets to west: sent" "$out" "$(cat "$world/west-in")"
assert_ge "octets to west: received" "$(cat "$world/west-in")" $((out / 100 * 70))
