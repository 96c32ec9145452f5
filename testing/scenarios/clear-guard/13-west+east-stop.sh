modswan_stop
nft list tables | diff /run/tables -
