case $auth in
psk) authby=secret their_auth=psk ;;
rsa) authby=rsasig their_auth=pubkey ;;
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
for dir in rsa pubkey; do
	mkdir -p "$world/east/etc/strongswan/$dir"
done
cp "$world/east/etc/ipsec.d/private/east.pem" "$world/east/etc/strongswan/rsa/"
cp "$world"/*/etc/ipsec.d/private/*.pub "$world/east/etc/strongswan/pubkey/"
