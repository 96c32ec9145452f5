rsa_key_of road # whose key is none of these gateways'
