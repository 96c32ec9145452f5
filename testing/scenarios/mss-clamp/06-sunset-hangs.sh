ping_ok $north_client
[ $mssclamp = no ] || exit 0
must_fail timeout 5 python3 "$top/testing/lib/transfer.py" send $north_client 5003 1
