pid=$(daemon_pid klips)
kill "$pid"
wait_for 20 gone "$pid"
# without shells that have ended and are about to be buried
host_snapshot | diff /run/before -
