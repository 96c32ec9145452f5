# seconds: 60
# the power went: nobody is told
kill -9 "$(daemon_pid pluto)" "$(daemon_pid klips)"
modswan_start
wait_for 20 eroute_is 192.1.2.23/32 192.1.2.0/24 %trap
ping_ok 192.1.2.45 3
eroute_is 192.1.2.23/32 192.1.2.45/32 tun
