# SPDX-License-Identifier: Apache-2.0
"""Small tools of klips_ns_test.sh: sockets that a shell does not have."""
import hashlib
import hmac
import os
import socket
import struct
import subprocess
import sys
import time

ETH_P_ALL = 3


def listing(path, name):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        s.sendall(name.encode() + b"\n")
        while data := s.recv(65536):
            sys.stdout.write(data.decode())


def stream_socket(address):
    """With the one congestion control that every host has.  What a host has by default may be one that
    remembers the rate it had under a flood for minutes after it (BBR)."""
    s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"reno")
    return s


def tcp_serve(address, port):
    with stream_socket(address) as s:
        s.settimeout(60)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((address, int(port)))
        s.listen()
        conn, _ = s.accept()
        digest = hashlib.sha256()
        while data := conn.recv(65536):
            digest.update(data)
        print(digest.hexdigest())


def connected(address, port):
    """To a server that may still be on its way up."""
    end = time.time() + 60
    while True:
        s = stream_socket(address)
        s.settimeout(60)
        try:
            s.connect((address, int(port)))
            return s
        except ConnectionRefusedError:
            s.close()
            if time.time() > end:
                raise
            time.sleep(0.05)


def tcp_send(address, port, octets):
    digest = hashlib.sha256()
    block = bytes(range(256)) * 256
    left = int(octets)
    with connected(address, port) as s:
        while left > 0:
            data = block[:left]
            s.sendall(data)
            digest.update(data)
            left -= len(data)
            block = block[1:] + block[:1]
    print(digest.hexdigest())


def capture(device, path):
    """Ethernet frames into a pcap file, until there is a file PATH.end; a minute at most."""
    end = time.time() + 60
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as s, \
            open(path, "wb") as f:
        s.bind((device, ETH_P_ALL))
        s.settimeout(0.2)
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        f.flush()
        while time.time() < end:
            try:
                frame = s.recv(65535)
            except socket.timeout:
                if os.path.exists(path + ".end"):
                    break
                continue
            now = time.time()
            f.write(struct.pack("<IIII", int(now), int(now % 1 * 1e6), len(frame), len(frame)))
            f.write(frame)


def frames(path):
    with open(path, "rb") as f:
        f.read(24)
        while len(head := f.read(16)) == 16:
            yield f.read(struct.unpack("<IIII", head)[2])


def protocol(frame):
    kind = frame[12:14]
    if kind == b"\x08\x00":
        return frame[23]
    if kind == b"\x86\xdd":
        return {50: 50, 44: 50}.get(frame[20], "ipv6-%d" % frame[20])
    return kind.hex()


def only_esp(path):
    counts = {}
    for frame in frames(path):
        counts[protocol(frame)] = counts.get(protocol(frame), 0) + 1
    print(counts)
    # ARP and neighbour discovery keep the link going
    extra = set(counts) - {50, "0806", "ipv6-58", "ipv6-0"}
    sys.exit(1 if extra or counts.get(50, 0) < 20 else 0)


def ah_icv(packet, key):
    """(ICV in the packet, the right one) for HMAC-SHA2-256-128; None: not AH.  RFC 4302 s3.3.3."""
    p = bytearray(packet)
    if p[0] >> 4 == 4 and p[9] == 51:
        at = (p[0] & 15) * 4
        p = p[:struct.unpack(">H", p[2:4])[0]]
        p[1] = p[6] = p[7] = p[8] = p[10] = p[11] = 0
    elif p[0] >> 4 == 6 and p[6] == 51:
        at = 40
        p = p[:40 + struct.unpack(">H", p[4:6])[0]]
        p[0:4] = b"\x60\0\0\0"
        p[7] = 0
    else:
        return None
    words = p[at + 1] + 2
    if words != (7 if at < 40 else 8):
        return "length", words
    got = bytes(p[at + 12:at + 28])
    p[at + 12:at + 28] = bytes(16)
    return got, hmac.new(key, p, hashlib.sha256).digest()[:16]


def check_ah(path, key, least):
    found = [r for frame in frames(path) if (r := ah_icv(frame[14:], bytes.fromhex(key)))]
    wrong = [r for r in found if r[0] != r[1]]
    print(len(found), "AH packets,", len(wrong), "wrong", wrong[:1])
    sys.exit(1 if wrong or len(found) < int(least) else 0)


def replay(device, path):
    sent = 0
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind((device, 0))
        for frame in frames(path):
            if protocol(frame) == 50 and socket.inet_ntoa(frame[26:30]) == "192.0.2.1":
                s.send(frame)
                sent += 1
            if sent == 10:
                return
    sys.exit(1)


def ike_through(other, local, remote):
    """A datagram from port 500 arrives though all else to that host is routed into ipsec0."""
    code = ("import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); "
            "s.settimeout(5); s.bind(('%s', 500)); print(s.recv(100).decode())" % remote)
    server = subprocess.Popen(["ip", "netns", "exec", other, "python3", "-c", code],
                              stdout=subprocess.PIPE)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((local, 500))
        for _ in range(10):
            time.sleep(0.2)
            s.sendto(b"isakmp", (remote, 500))
            if server.poll() is not None:
                break
    out = server.communicate(timeout=10)[0]
    sys.exit(0 if out == b"isakmp\n" else 1)


def flood(address, port, seconds, size):
    """Datagrams as fast as they go."""
    end = time.time() + float(seconds)
    data = bytes(int(size))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setblocking(False)
        s.connect((address, int(port)))
        while time.time() < end:
            for _ in range(500):
                try:
                    s.send(data)
                except OSError:
                    pass


def junk(address, spi, seconds):
    """ESP of an SA that is there, with wrong ICVs and numbers yet to come."""
    end = time.time() + float(seconds)
    seq = 1 << 24
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, 50) as s:
        s.setblocking(False)
        while time.time() < end:
            for _ in range(500):
                seq += 1
                try:
                    s.sendto(struct.pack(">II", int(spi, 0), seq) + bytes(200), (address, 0))
                except OSError:
                    pass


VERBS = {"list": listing, "tcp-serve": tcp_serve, "tcp-send": tcp_send, "capture": capture,
         "only-esp": only_esp, "replay": replay, "ike-through": ike_through,
         "check-ah": check_ah, "flood": flood, "junk": junk}

VERBS[sys.argv[1]](*sys.argv[2:])
