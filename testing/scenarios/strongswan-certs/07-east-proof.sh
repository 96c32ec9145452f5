swanctl --list-sas
case $keytype in
rsa) proof='RSA_EMSA_.*' ;;
ecdsa) proof=ECDSA_WITH_SHA256_DER ;;
ed25519) proof=ED25519 ;;
esac
assert_match /run/modswan/charon.log "authentication of '.*west' with $proof successful"
assert_match /run/modswan/charon.log 'received issuer cert "C=CH, O=ModSwan, CN=below"'
