. "$top/testing/scenarios/strongswan/settings.sh"
