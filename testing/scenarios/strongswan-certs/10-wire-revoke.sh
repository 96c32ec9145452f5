crl_make below east
cp $world/ca/below.crl $world/west/etc/ipsec.d/crls/
