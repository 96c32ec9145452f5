strongswan_keys east $auth
