swanctl --list-sas
[ $keytype = rsa ] && proof='RSA_EMSA_.*' || proof='ECDSA_WITH_SHA256_DER'
assert_match /run/modswan/charon.log "authentication of '.*west' with $proof successful"
assert_match /run/modswan/charon.log 'received issuer cert "C=CH, O=ModSwan, CN=below"'
