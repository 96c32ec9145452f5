strongswan_keys east psk
