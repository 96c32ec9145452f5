nft list tables >/run/tables
modswan_start
wait_for 20 conn_loaded west-east
