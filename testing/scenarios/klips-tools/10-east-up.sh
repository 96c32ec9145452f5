ipsec manual --up by-hand
