echo west >/run/whoami
ip tuntap add mode tun name tun0
assert_eq "host name" "$(hostname)" west
