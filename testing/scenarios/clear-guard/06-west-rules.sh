nft list tables | assert_match - 'modswan_guard'
nft list ruleset
