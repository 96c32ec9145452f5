# seconds: 180
[[ " $conns " != *" several "* && " $conns " != *" pairs "* ]] || ip addr add 10.1.0.254/24 dev eth0
modswan_start
last=${conns##* }
wait_for 60 conn_loaded "${last/pairs/pairs/2x2}"
