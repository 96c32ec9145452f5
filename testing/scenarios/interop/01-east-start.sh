# seconds: 180
[[ " $conns " != *" several "* && " $conns " != *" pairs "* ]] || ip addr add 10.2.0.254/24 dev eth0
"${peer}_start"
