crl_make $issuer west
cp $world/ca/$issuer.crl $world/east/etc/ipsec.d/crls/
