# the right name from a CA that nobody here trusts, and a name that is not west's from the right one
mkdir $world/kept && cp $world/ca/west.* $world/kept/
cert_make west stranger $keytype
cp $world/ca/west.pem $world/west/etc/ipsec.d/certs/west.pem
cp $world/ca/west.key $world/west/etc/ipsec.d/private/west.pem
cert_make mallory $issuer $keytype
cp $world/ca/mallory.pem $world/west/etc/ipsec.d/certs/
cp $world/ca/mallory.key $world/west/etc/ipsec.d/private/mallory.pem
