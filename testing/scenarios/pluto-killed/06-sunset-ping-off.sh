kill -INT "$(cat /run/ping.pid)"
wait_for 5 grep ' packet loss' /run/modswan/ping.txt
assert_match /run/modswan/ping.txt ' 0% packet loss'
assert_ge "packets" "$(sed -nE 's/^([0-9]+) packets transmitted.*/\1/p' /run/modswan/ping.txt)" 20
