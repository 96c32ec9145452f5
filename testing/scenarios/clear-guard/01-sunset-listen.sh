# what it hears it writes down
python3 - "$west_client" >/run/modswan/heard.txt 2>&1 <<'END' &
import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 5004))
print("ready", flush=True)
while True:
    print(s.recv(100).decode(), flush=True)
END
wait_for 20 grep -q ready /run/modswan/heard.txt
