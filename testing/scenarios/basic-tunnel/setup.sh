# What a variant or a scenario that builds on this one does not say.
authby=${authby:-secret}
encapsulation=${encapsulation:-auto}
ike=${ike:-aes_gcm128-sha2_256-x25519}
compress=${compress:-no}
esp=${esp:-aes_gcm128}
esp_name=${esp_name:-AES_GCM_16_128} # as ipsec status calls it
wire_kind=${wire_kind:-esp} # as only_esp_on_wire calls it
protostack=${protostack:-klips}
west_crypto=${west_crypto:-} # a plugin that west asks for
also=${also:-${west_crypto:+\"$west_crypto\"}}
if [ "${family:-4}" = 4 ]; then
	west_address=192.1.2.45 west_net=192.0.1.0/24 west_client=192.0.1.1
	east_address=192.1.2.23 east_net=192.0.2.0/24 east_client=192.0.2.1
else
	west_address=2001:db8:1:2::45 west_net=2001:db8:0:1::/64 west_client=2001:db8:0:1::1
	east_address=2001:db8:1:2::23 east_net=2001:db8:0:2::/64 east_client=2001:db8:0:2::1
fi
rsa_key_of west && rsa_key_of east
