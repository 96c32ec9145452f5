instance one ipsec auto --up tunnel-one
instance two ipsec auto --up tunnel-two
