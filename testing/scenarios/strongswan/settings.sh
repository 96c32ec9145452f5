case $auth in
psk) authby=secret ;;
rsa) authby=rsasig ;;
esac
case $cipher in
gcm)
	ike=aes_gcm128-sha2_256-x25519 their_ike=aes128gcm16-prfsha256-x25519
	esp=aes_gcm128 their_esp=aes128gcm16
	;;
cbc)
	ike=aes128-sha256-modp2048 their_ike=aes128-sha256-modp2048
	esp=aes128-sha256 their_esp=aes128-sha256
	;;
esac
