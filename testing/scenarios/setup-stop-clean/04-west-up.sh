ipsec auto --up west-east
ip -br link show ipsec0
