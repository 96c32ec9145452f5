# seconds: 60
# IPv6: packets wait as long as nobody answers
ping -n -c 1 -W 1 2001:db8:1:2::23 >/dev/null && fail "a packet went out before it was known how"
eroute_is 2001:db8:1:2::45/128 2001:db8:1:2::23/128 %hold
assert_eq "until then" "$(ipsec showpolicy 2001:db8:1:2::45 2001:db8:1:2::23)" waiting
