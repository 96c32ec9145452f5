# seconds: 180
[[ " $conns " != *" several "* ]] || ip addr add 10.1.0.254/24 dev eth0
modswan_start
wait_for 60 conn_loaded "${conns##* }"
