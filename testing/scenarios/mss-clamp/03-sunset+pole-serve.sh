if [ $host = pole ]; then
	serve_bytes $north_client
	# for the transfer that will hang
	python3 "$top/testing/lib/transfer.py" serve $north_client 5003 >/run/modswan/hang.log 2>&1 &
	wait_for 20 grep -q ready /run/modswan/hang.log
else
	serve_bytes $west_client
fi
