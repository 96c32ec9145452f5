ipsec auto --rereadcrls
ipsec showhostkey --list | sed -n 's/.* ckaid: \([0-9a-f]*\).*/\1/p' >$world/east.ckaid
