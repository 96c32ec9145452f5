nft list tables >/run/tables
modswan_start
wait_for 5 conn_loaded west-east
