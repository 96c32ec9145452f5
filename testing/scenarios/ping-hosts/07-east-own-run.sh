[ ! -e /run/whoami ] || fail "east sees west's /run"
ip tuntap add mode tun name tun0
