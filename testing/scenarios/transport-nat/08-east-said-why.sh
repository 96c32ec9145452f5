assert_match /run/modswan/run/pluto.log "transport mode for the same traffic is #.*'@road', who is behind 192.1.2.254"
assert_eq "tunnels" "$(ipsec trafficstatus | wc -l)" 1
