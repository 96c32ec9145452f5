# seconds: 60
# all at once, but not in one moment: the capture is to see every packet
for i in {112..122}; do
	for j in {208..219}; do
		ping -n -c 18 -i 0.5 -W 1 -I 192.1.2.$i 192.1.2.$j >/run/modswan/ping-$i-$j 2>&1 &
	done
	sleep 0.2
done
wait
