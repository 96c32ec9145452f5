pid=$(daemon_pid klips)
kill "$pid"
wait_for 20 gone "$pid"
