ike=aes_gcm128-sha2_256-x25519 their_ike=aes128gcm16-prfsha256-x25519
suites=
for icv in 8 12 16; do
	for bits in 128 192 256; do
		suites+="aes${bits}gcm$icv aes${bits}ccm$icv "
	done
done
suites+='chacha20poly1305 '
for integrity in sha1 sha256 sha384 sha512 aesxcbc aescmac; do
	for encryption in aes128 aes192 aes256 aes128ctr aes192ctr aes256ctr; do
		suites+="$encryption-$integrity "
	done
done
suites=${suites% }
their_esp=${suites// /, }
west_net6=2001:db8:0:1::/64 east_net6=2001:db8:0:2::/64
# a connection of ours for each, in both families
conns=
for suite in $suites; do
	conns+="
conn $suite
	leftsubnet=192.0.1.0/24
	rightsubnet=192.0.2.0/24
	esp=$suite

conn $suite-six
	leftsubnet=$west_net6
	rightsubnet=$east_net6
	esp=$suite
"
done
