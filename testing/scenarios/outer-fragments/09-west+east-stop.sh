pid=$(daemon_pid klips)
kill "$pid"
wait_for 5 gone "$pid"
