ipsec whack --debug-none
ipsec auto --ready
conn_loaded west-east
ipsec auto --up west-east
