kill -INT "$(cat /run/ping.pid)"
wait_for 20 grep ' packet loss' /run/modswan/ping.txt
no_gap /run/modswan/ping.txt 20
