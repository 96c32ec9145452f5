west_east_up
[ "$peer" = strongswan ] || assert_match /run/modswan/up.txt '^004 .* IPCOMP=>0x0000[0-9a-f]{4} <0x0000[0-9a-f]{4} '
