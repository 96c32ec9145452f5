ca_make root ecdsa
cert_key ocsp ecdsa && cert_sign ocsp root "basicConstraints=critical,CA:FALSE
keyUsage=digitalSignature
extendedKeyUsage=OCSPSigning"
for name in west east; do
	cert_make $name root ecdsa crlDistributionPoints=URI:http://192.1.2.254:8080/root.crl \
		authorityInfoAccess=OCSP\;URI:http://192.1.2.254:8888/
	certs_install $name $name root
done
crl_make root
setup_lines=$(printf '%s\n\t' $setup)
