ipsec auto --rereadcrls | tee /run/modswan/reread.txt
assert_match /run/modswan/reread.txt 'loaded 1 from ".*crls"'
ipsec auto --listcrls | assert_match - 'revoked certs: 1'
