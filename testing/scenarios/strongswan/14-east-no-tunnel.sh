swanctl --list-sas | assert_no_match - west-east
