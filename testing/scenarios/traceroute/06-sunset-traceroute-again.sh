# IPv6 chooses the address that is like the target's all the same
[ "${family:-4}" = 4 ] || exit 0
wait_for 30 hops_are $east_client 192.0.1.254 $east_address $east_client
