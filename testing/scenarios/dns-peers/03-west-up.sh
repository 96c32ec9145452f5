# seconds: 90
# the dead address may be the first one
ipsec auto --up west-east | tee /run/modswan/up.txt
assert_match /run/modswan/up.txt '^004 .*west-east.* established'
assert_match $rundir/pluto.log '@east.example.com has published 1 key \(secure\)'
