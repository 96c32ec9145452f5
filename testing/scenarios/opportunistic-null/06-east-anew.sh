# seconds: 60
# the power went: nobody is told
pluto=$(daemon_pid pluto) klips=$(daemon_pid klips)
kill -9 "$pluto" "$klips"
wait_for 20 gone "$pluto"
wait_for 20 gone "$klips"
modswan_start
wait_for 20 eroute_is 192.1.2.23/32 192.1.2.0/24 %trap
