# SPDX-License-Identifier: Apache-2.0
"""The untrusted net of testing/soak: frames go from one port to the other, and on the way they are
lost, doubled, late, out of order, damaged; old ones come again, some cut or with wrong bits.

Works where the kernel has no netem, and knows what it did: every rate and count is in shared
memory."""
import fcntl
import heapq
import multiprocessing
import os
import random
import select
import socket
import struct
import time

RATES = ("loss", "double", "late", "damage", "replay", "forge")
COUNTS = ("carried", "lost", "doubled", "late", "damaged", "replayed", "forged", "refused")
ETHTOOL, OFFLOADS = 0x8946, (0x15, 0x17, 0x1F, 0x24, 0x2C)  # rx, tx, tso, gso, gro
ESP_LIKE = (17, 50, 51)


def no_offloads(device):
    """Frames as they would be on a real wire: not longer than the MTU, with their checksums."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for what in OFFLOADS:
            value = bytearray(struct.pack("=II", what, 0))
            address, _ = memory_of(value)
            try:
                fcntl.ioctl(s, ETHTOOL, struct.pack("=16sQ16x", device.encode(), address))
            except OSError:
                pass  # this device never had it


def memory_of(octets):
    import ctypes
    view = (ctypes.c_char * len(octets)).from_buffer(octets)
    return ctypes.addressof(view), view


def next_header(frame):
    if frame[12:14] == b"\x08\x00" and len(frame) > 34:
        return frame[23]
    if frame[12:14] == b"\x86\xdd" and len(frame) > 54:
        return frame[20]
    return 0


def bent(frame, rng):
    """A frame with an error that IP does not notice: behind its header, or cut off."""
    out = bytearray(frame)
    if len(out) < 80:
        return bytes(out)
    if rng.random() < 0.2:
        return bytes(out[:rng.randrange(60, len(out))])
    for _ in range(rng.choice((1, 1, 1, 8))):
        out[rng.randrange(54, len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


class Wire:
    """Between the devices a and b of this network namespace."""
    def __init__(self, a, b, seed):
        self.devices, self.seed = (a, b), seed
        self.rates = multiprocessing.Array("d", len(RATES), lock=False)
        self.counts = multiprocessing.Array("q", len(COUNTS), lock=False)
        self.process = multiprocessing.Process(target=self.run, daemon=True)

    def start(self):
        self.process.start()

    def set(self, **rates):
        for i, name in enumerate(RATES):
            self.rates[i] = rates.get(name, 0.0)

    def figures(self):
        return dict(zip(COUNTS, self.counts))

    # --- in the process ----------------------------------------------------------------------

    def run(self):
        self.rng = random.Random(self.seed)
        self.ports, self.waiting, self.number, self.old = [], [], 0, ([], [])
        for device in self.devices:
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            s.setsockopt(263, 23, 1)  # PACKET_IGNORE_OUTGOING
            s.bind((device, 3))
            s.setblocking(False)
            self.ports.append(s)
        parent = os.getppid()
        while os.getppid() == parent:
            wait = 0.2
            if self.waiting:
                wait = max(0.0, min(wait, self.waiting[0][0] - time.monotonic()))
            for s in select.select(self.ports, [], [], wait)[0]:
                self.take(self.ports.index(s))
            self.flush(time.monotonic())
            self.make_trouble()

    def count(self, name, by=1):
        self.counts[COUNTS.index(name)] += by

    def send(self, port, frame):
        try:
            self.ports[port].send(frame)
        except OSError:  # the port is down, or its queue is full
            self.count("refused")

    def take(self, port):
        loss, double, late, damage, _, _ = self.rates
        for _ in range(64):
            try:
                frame = self.ports[port].recv(70000)
            except (BlockingIOError, OSError):
                return
            protected = next_header(frame) in ESP_LIKE
            self.count("carried")
            if protected and self.rng.random() < 0.05:
                old = self.old[1 - port]
                old.append(frame)
                if len(old) > 2000:
                    del old[self.rng.randrange(len(old))]
            chance = self.rng.random()
            if chance < loss:
                self.count("lost")
                continue
            if protected and self.rng.random() < damage:
                self.count("damaged")
                frame = bent(frame, self.rng)
            if self.rng.random() < double:
                self.count("doubled")
                self.later(1 - port, frame, self.rng.random() * 0.05)
            if self.rng.random() < late:
                self.count("late")
                self.later(1 - port, frame, self.rng.random() * 0.02)
            else:
                self.send(1 - port, frame)

    def later(self, port, frame, seconds):
        self.number += 1
        heapq.heappush(self.waiting, (time.monotonic() + seconds, self.number, port, frame))

    def flush(self, now):
        while self.waiting and self.waiting[0][0] <= now:
            _, _, port, frame = heapq.heappop(self.waiting)
            self.send(port, frame)

    def make_trouble(self):
        """Packets of an attacker who has seen some: the same again, or changed a little."""
        replay, forge = self.rates[4:]
        for port in (0, 1):
            if not self.old[port]:
                continue
            if self.rng.random() < replay:
                self.count("replayed")
                self.send(port, self.rng.choice(self.old[port]))
            if self.rng.random() < forge:
                self.count("forged")
                self.send(port, bent(self.rng.choice(self.old[port]), self.rng))
