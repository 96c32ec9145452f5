east_address=192.1.2.23 east_net=192.0.2.0/24 east_client=192.0.2.1
road_left=${road_left:-192.1.3.209} mobike=${mobike:-no}
encapsulation=${encapsulation:-yes}
ike=aes_gcm128-sha2_256-x25519 their_ike=aes128gcm16-prfsha256-x25519
esp=aes_gcm128 their_esp=aes128gcm16
# Two networks behind the gateway, each with a CHILD SA of its own; and, for another identity, everything.
road_asks=${asks:-$east_net} east_conns=
if [ -n "${asks:-}" ]; then
	east_conns='
conn roads-more
	also=pool
	leftid=@east
	leftsubnet=10.2.0.0/24
	auto=add

conn roads-all
	also=pool
	leftid=@gate
	leftsubnet=0.0.0.0/0
	auto=add'
fi
