ipsec spi --del --said tun.1001@$west_address
ipsec spi --ip4 --af inet --edst $west_address --spi 0x1001 --proto tun --src $east_address --dst $west_address
ipsec spi --del --said tun.1002@$east_address
ipsec spi --ip4 --af inet --edst $east_address --spi 0x1002 --proto tun --src $west_address --dst $east_address
closed() { ! grep -E '^ *[0-9]+: [0-9A-F]+:0004 ' /proc/net/raw; }
wait_for 10 closed
