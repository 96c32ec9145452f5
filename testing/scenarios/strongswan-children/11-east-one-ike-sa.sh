swanctl --list-sas | tee /run/sas
assert_eq "IKE SAs" "$(grep -c '^west-east: ' /run/sas)" 1
assert_match /run/sas '^  west-east: .*INSTALLED'
assert_match /run/sas '^  more: .*INSTALLED'
for pair in 1x1 1x2 2x1 2x2; do
	assert_match /run/sas "^  pair$pair: .*INSTALLED"
done
