# esp_sa TOWARD FROM-ADDRESS TO-ADDRESS SPI: AEAD ciphers have their salt behind the key, and no
# other authentication
esp_sa() {
	local key=key_toward_$1 auth=auth_toward_$1
	case $alg in
	*gcm*) ipsec spi --esp $alg --af $af --edst $3 --spi $4 --proto esp --src $2 \
		--enckey ${!key}_01020304 --replay_window 64 ;;
	3des*) ipsec spi --esp $alg --af $af --edst $3 --spi $4 --proto esp --src $2 \
		--enckey ${!key}_${!key:2:17} --authkey ${!auth:0:37} --replay_window 64 ;;
	null*) ipsec spi --esp $alg --af $af --edst $3 --spi $4 --proto esp --src $2 \
		--authkey ${!auth} --replay_window 64 ;;
	*) ipsec spi --esp $alg --af $af --edst $3 --spi $4 --proto esp --src $2 \
		--enckey ${!key} --authkey ${!auth} --replay_window 64 --life hard-bytes=1000000 ;;
	esac
}
for toward in west east; do
	[ $toward = east ] && from=west spi=0x1002 || from=east spi=0x1001
	from=${from}_address to=${toward}_address
	ipsec spi $tunnel --af $af --edst ${!to} --spi $spi --proto tun --src ${!from} --dst ${!to} \
		${df:+--df $df}
	esp_sa $toward ${!from} ${!to} ${spi}f
done
# one group is named by words, the other by SAIDs
ipsec spigrp $af $west_address 0x1001 tun $af $west_address 0x1001f esp
ipsec spigrp --said tun${dot}1002@$east_address esp${dot}1002f@$east_address
must_fail ipsec spigrp --said tun${dot}1002@$east_address esp${dot}1002f@$east_address |
	assert_match - 'already grouped'
if [ -z "$also" ]; then
	must_fail ipsec spi --esp 3des-md5-96 --af $af --edst $west_address --spi 0x1234 --proto esp \
		--src $east_address --enckey ${key_toward_west}_${key_toward_west:2:17} \
		--authkey ${auth_toward_west:0:37} | assert_match - 'not available in KLIPS'
fi
must_fail ipsec spi --esp aes128-sha1-96 --af $af --edst $west_address --spi 0x1234 --proto esp \
	--src $east_address --enckey ${key_toward_west:0:28} --authkey $auth_toward_west |
	assert_match - 'wrong length of a key'
