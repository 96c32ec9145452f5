case $auth in
psk) authby=secret their_proof='pre-shared key' ;;
rsa) authby=rsasig their_proof='RSA_EMSA_(PKCS1|PSS)_.*SHA2_.*' ;;
esac
case $cipher in
gcm)
	ike=aes_gcm128-sha2_256-x25519 their_ike=aes128gcm16-prfsha256-x25519
	esp=aes_gcm128 their_esp=aes128gcm16 their_cipher=AES_GCM_16-128
	;;
cbc)
	ike=aes128-sha256-modp2048 their_ike=aes128-sha256-modp2048
	esp=aes128-sha256 their_esp=aes128-sha256 their_cipher=AES_CBC-128/HMAC_SHA2_256_128
	;;
esac
