ipsec auto --up west-east
ipsec eroute >/run/eroutes
daemon_pid klips >/run/klips
