capture_start public
sleep 4
capture_stop public
assert_ge "liveness checks and answers" "$(capture_count public 'udp port 500 or udp port 4500')" 4
