nft add table ip nat
nft 'add chain ip nat out { type nat hook postrouting priority 100; }'
nft 'add rule ip nat out oifname "eth0" masquerade'
