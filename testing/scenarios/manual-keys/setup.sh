alg=${alg:-aes128-sha1-96} alg_name=${alg_name:-AES_CBC_HMAC_SHA1}
case $alg in
3des*|null*) also='"crypto-legacy"' ;;
*) also= ;;
esac
# fixed, so that the two ends have the same: SAs toward west and toward east
key_toward_west=0x00112233_44556677_8899aabb_ccddeeff
key_toward_east=0x10213243_54657687_98a9bacb_dcedfe0f
auth_toward_west=0x01010101_02020202_03030303_04040404_05050505
auth_toward_east=0x0a0a0a0a_0b0b0b0b_0c0c0c0c_0d0d0d0d_0e0e0e0e
if [ "${family:-4}" = 4 ]; then
	af=inet tunnel=--ip4 dot=. in_listing=0x
	west_address=192.1.2.45 west_net=192.0.1.0/24 west_client=192.0.1.1 west_inside=192.0.1.254
	east_address=192.1.2.23 east_net=192.0.2.0/24 east_client=192.0.2.1 east_inside=192.0.2.254
else
	af=inet6 tunnel=--ip6 dot=: in_listing=:
	west_address=2001:db8:1:2::45 west_net=2001:db8:0:1::/64 west_client=2001:db8:0:1::1
	east_address=2001:db8:1:2::23 east_net=2001:db8:0:2::/64 east_client=2001:db8:0:2::1
	west_inside=2001:db8:0:1::254 east_inside=2001:db8:0:2::254
fi
