ipsec auto --listall | tee /run/modswan/listall.txt
ipsec auto --listcerts | assert_match - "End certificate \"$host\.(pem|p12)\" - SN: 0x"
ipsec auto --listcerts | assert_match - "subject: C=CH, O=ModSwan, CN=$host"
ipsec auto --listcerts | assert_match - "issuer: C=CH, O=ModSwan, CN=$issuer"
ipsec auto --listcacerts | assert_match - 'Root CA certificate "root.pem"'
assert_match /run/modswan/listall.txt 'List of CRLs:'
subject="C=CH, O=ModSwan, CN=$host"
ipsec auto --listpubkeys | assert_match - "[0-9]+ bit [A-Za-z0-9]+ key of '$subject' until .* in \"$host\.(pem|p12)\""
assert_match $rundir/pluto.log "authenticated peer '.*'"
ipsec status | tee /run/modswan/status.txt | assert_match - 'west-east":   mycert='
[ $host = west ] || assert_match /run/modswan/status.txt "CAs: '%any'...'C=CH, O=ModSwan, CN=root'"
