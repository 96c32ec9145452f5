version=-${family:-4}
if [ "${family:-4}" = 4 ]; then
	bits=24 gateway=192.1.2.254 other=192.1.2.46 host_bits=32 dad=
else
	bits=64 gateway=2001:db8:1:2::254 other=2001:db8:1:2::46 host_bits=128 dad=nodad
fi
