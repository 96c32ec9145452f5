. "$top/testing/scenarios/path-mtu/setup.sh"
mssclamp=${mssclamp:-no}
