strongswan_keys west $auth && strongswan_keys east $auth
