ipsec auto --down west-east
wait_for 20 no_tunnel west-east
ipsec trafficstatus | assert_match - '"more"'
# one of several, then all that are left, by an alias
ipsec auto --down pairs/1x2
wait_for 20 no_tunnel pairs/1x2
assert_eq "tunnels of pairs" "$(ipsec trafficstatus pairs | wc -l)" 3
ipsec auto --down many
for pair in 1x1 2x1 2x2; do
	wait_for 20 no_tunnel pairs/$pair
done
ipsec auto --route pairs
assert_eq "traps" "$(ipsec eroute | grep -Ec ' 10\.33?\.0\.0/24.* 10\.44?\.0\.0/24.*%trap')" 4
ipsec auto --unroute pairs
# what is wrong with the file leaves what is loaded as it is
cp /run/modswan/etc/ipsec.conf /run/good
sed -i 's/10.33.0.0/10.3.0.0/' /run/modswan/etc/ipsec.conf
sed -i 's/^\tconnalias=many/&\n\tleftcert=none.pem\n\tleftid=%fromcert/' /run/modswan/etc/ipsec.conf
ipsec auto --replace pairs && fail "a certificate that is not there"
ipsec status | assert_match - '"pairs/2x1": 10.33.0.0/24'
sed 's/, 10.33.0.0.24//' /run/good >/run/modswan/etc/ipsec.conf
ipsec auto --replace pairs
assert_eq "pairs" "$(ipsec status | grep -c '"pairs/[0-9]x[0-9]":   aliases:')" 2
ipsec auto --add pairs && fail "it is there"
ipsec auto --replace pairs/1x2 | assert_match - 'added connection description "pairs/1x2"'
ipsec auto --delete pairs
ipsec status | assert_no_match - '"pairs'
ipsec auto --add pairs/1x1
assert_eq "pairs" "$(ipsec status | grep -c '"pairs/[0-9]x[0-9]":   aliases:')" 1
