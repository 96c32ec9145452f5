crl_make root west
