# SPDX-License-Identifier: Apache-2.0
"""The traffic of testing/soak: UDP both ways and TCP one way through each tunnel. Every datagram and
every block of a stream has its flow, its number and a keyed hash over all of it, so that what
arrives was sent, by this flow, and has not been here before."""
import errno
import hashlib
import multiprocessing
import os
import random
import select
import socket
import struct
import time

HEAD = struct.Struct(">HBxQI")  # flow, way, number, octets
TAG, BLOCK = 16, 8192
UDP_PORT, TCP_PORT, SINK_PORT = 6000, 7000, 6999
STATS = ("sent", "received", "wrong", "again", "tcp_blocks", "tcp_wrong", "tcp_resets", "last_udp",
         "last_tcp")


class Maker:
    """Payloads, the same for both ends of a run."""
    def __init__(self, secret):
        self.secret = secret
        self.pool = random.Random(secret).randbytes(1 << 16) + bytes(1 << 16)

    def make(self, flow, way, number, octets):
        octets = max(octets, HEAD.size + TAG)
        head = HEAD.pack(flow, way, number, octets)
        at = number * 131 % (1 << 16)
        body = self.pool[at:at + octets - HEAD.size - TAG]
        return head + body + self.tag(head + body)

    def tag(self, data):
        return hashlib.blake2b(data, key=self.secret, digest_size=TAG).digest()

    def number_of(self, data, flow, way):
        """None: nobody sent this here."""
        if len(data) < HEAD.size + TAG or self.tag(data[:-TAG]) != data[-TAG:]:
            return None
        f, w, number, octets = HEAD.unpack(data[:HEAD.size])
        return number if (f, w, octets) == (flow, way, len(data)) else None


class Seen:
    """Which numbers came."""
    def __init__(self):
        self.bits = bytearray(1 << 16)

    def first_time(self, n):
        if n // 8 >= len(self.bits):
            self.bits += bytes(n // 8 - len(self.bits) + (1 << 16))
        new = not self.bits[n // 8] >> n % 8 & 1
        self.bits[n // 8] |= 1 << n % 8
        return new


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


class End:
    """One host's end of all flows, in a process of its own. way: 0 at the west, 1 at the east."""
    def __init__(self, flows, way, maker, pps):
        self.flows, self.way, self.maker, self.pps = flows, way, maker, pps
        self.stats = [multiprocessing.Array("d", len(STATS), lock=False) for _ in flows]
        self.on = multiprocessing.Value("b", 1)
        self.process = None

    def start(self, enter):
        self.process = multiprocessing.Process(target=self.run, args=(enter,), daemon=True)
        self.process.start()

    def get(self, flow, name):
        return self.stats[flow][STATS.index(name)]

    # --- in the process ----------------------------------------------------------------------

    def add(self, flow, name, by=1):
        self.stats[flow][STATS.index(name)] += by

    def now(self, flow, name):
        self.stats[flow][STATS.index(name)] = time.monotonic()

    def run(self, enter):
        enter()
        self.rng = random.Random(self.way)
        n = len(self.flows)
        self.udp, self.numbers, self.seen = [], [0] * n, [Seen() for _ in range(n)]
        self.streams, self.listeners, self.buffers = [None] * n, [None] * n, [b""] * n
        self.tcp_numbers, self.expected, self.retry_at = [0] * n, [0] * n, [0.0] * n
        for i, ends in enumerate(self.flows):
            s = socket.socket(family_of(ends[self.way]), socket.SOCK_DGRAM)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            s.bind((ends[self.way], UDP_PORT + i))
            s.setblocking(False)
            self.udp.append(s)
            if i % 2 != self.way:  # even flows stream from west to east
                self.listeners[i] = socket.create_server(
                    (ends[self.way], TCP_PORT + i), family=family_of(ends[self.way]))
                self.listeners[i].setblocking(False)
        parent, tick = os.getppid(), time.monotonic()
        while os.getppid() == parent:
            self.read(max(0.0, tick - time.monotonic()))
            if time.monotonic() >= tick:
                tick = max(tick + 0.02, time.monotonic() - 1)
                if self.on.value:
                    self.send()

    def read(self, wait):
        streams = [s for s in self.streams if s]
        ready = select.select(self.udp + streams + [s for s in self.listeners if s], [], [], wait)[0]
        for s in ready:
            if s in self.udp:
                self.read_udp(self.udp.index(s))
            elif s in self.listeners:
                self.accept(self.listeners.index(s))
            elif s in self.streams:
                self.read_tcp(self.streams.index(s))

    def read_udp(self, flow):
        for _ in range(32):
            try:
                data = self.udp[flow].recv(70000)
            except BlockingIOError:
                return
            except OSError:
                continue  # an ICMP error that came before
            number = self.maker.number_of(data, flow, 1 - self.way)
            if number is None:
                self.add(flow, "wrong")
            elif not self.seen[flow].first_time(number):
                self.add(flow, "again")
            else:
                self.add(flow, "received")
                self.now(flow, "last_udp")

    def send(self):
        for flow, ends in enumerate(self.flows):
            if self.rng.random() < self.pps / 50:
                size = self.rng.randrange(3000, 6000) if self.rng.random() < 0.05 \
                    else self.rng.randrange(32, 1450)
                data = self.maker.make(flow, self.way, self.numbers[flow], size)
                self.numbers[flow] += 1
                try:
                    self.udp[flow].sendto(data, (ends[1 - self.way], UDP_PORT + flow))
                    self.add(flow, "sent")
                except OSError:
                    pass  # no route at the moment, or an error that came back
            if flow % 2 == self.way and self.rng.random() < 0.2:
                self.send_tcp(flow, ends)

    # --- streams -----------------------------------------------------------------------------

    def connect(self, flow, ends):
        if time.monotonic() < self.retry_at[flow]:
            return
        s = socket.socket(family_of(ends[0]))
        s.bind((ends[self.way], 0))
        s.setblocking(False)
        s.connect_ex((ends[1 - self.way], TCP_PORT + flow))
        self.streams[flow], self.buffers[flow], self.tcp_numbers[flow] = s, b"", 0

    def send_tcp(self, flow, ends):
        s = self.streams[flow]
        if not s:
            self.connect(flow, ends)
            return
        if len(self.buffers[flow]) < BLOCK:
            self.buffers[flow] += self.maker.make(flow, 2 + self.way, self.tcp_numbers[flow], BLOCK)
            self.tcp_numbers[flow] += 1
        try:
            self.buffers[flow] = self.buffers[flow][s.send(self.buffers[flow]):]
        except BlockingIOError:
            pass
        except OSError as e:
            if e.errno not in (errno.ENOTCONN, errno.EAGAIN):
                self.drop(flow, True)

    def accept(self, flow):
        s, _ = self.listeners[flow].accept()
        s.setblocking(False)
        if self.streams[flow]:
            self.streams[flow].close()
        self.streams[flow], self.buffers[flow], self.expected[flow] = s, b"", 0

    def drop(self, flow, broken):
        self.streams[flow].close()
        self.streams[flow] = None
        self.retry_at[flow] = time.monotonic() + 1
        if broken:
            self.add(flow, "tcp_resets")

    def read_tcp(self, flow):
        try:
            data = self.streams[flow].recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.drop(flow, True)
            return
        if flow % 2 == self.way:
            return  # nobody answers
        data = self.buffers[flow] + data
        while len(data) >= BLOCK:
            number = self.maker.number_of(data[:BLOCK], flow, 3 - self.way)
            if number != self.expected[flow]:
                self.add(flow, "tcp_wrong")
            self.expected[flow] += 1
            self.add(flow, "tcp_blocks")
            self.now(flow, "last_tcp")
            data = data[BLOCK:]
        self.buffers[flow] = data


def flood(enter, source, to, seconds):
    """As many small datagrams as go, in a process of its own."""
    def run():
        enter()
        with socket.socket(family_of(source), socket.SOCK_DGRAM) as s:
            s.bind((source, 0))
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                for _ in range(100):
                    try:
                        s.sendto(b"flood" * 12, (to, SINK_PORT))
                    except OSError:
                        pass
    process = multiprocessing.Process(target=run, daemon=True)
    process.start()
    return process
