ping -n -i 0.1 -W 2 -c 10 -s 1300 -p $marker $east_client
ping_ok $east_client
# noise, both ways
send_noise() {
	python3 - "$east_client" <<-'END'
		import os, socket, sys
		sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		for _ in range(20):
		    sock.sendto(os.urandom(1200), (sys.argv[1], 5004))
	END
}
send_noise
ping_ok $east_client
