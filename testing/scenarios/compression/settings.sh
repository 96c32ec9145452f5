compress=yes auth=psk cipher=gcm
. "$top/testing/scenarios/strongswan/settings.sh"
