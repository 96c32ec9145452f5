crl_make root && crl_make $issuer
cp $world/ca/root.crl $world/ca/$issuer.crl $world/east/etc/ipsec.d/crls/
