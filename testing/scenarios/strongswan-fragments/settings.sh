. "$top/testing/scenarios/strongswan/settings.sh"
a=a234567890123456789012345678901234567890123456789
west_id=@west.$a.$a.$a.$a.$a.$a
east_id=@east.$a.$a.$a.$a.$a.$a
fragment_size=576
# forced, strongSwan would not ask whether we can
their_fragmentation=$fragmentation
[ "$fragmentation" = force ] || their_fragmentation=yes
