swanctl --list-sas | tee /run/sas
assert_no_match /run/sas '^  west-east: .*INSTALLED'
assert_match /run/sas '^  more: .*INSTALLED'
