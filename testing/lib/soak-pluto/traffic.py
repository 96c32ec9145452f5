# SPDX-License-Identifier: Apache-2.0
"""Traffic of one gateway: datagrams that are sent back and streams, every octet of them known.

What is in a packet follows from the flow's name and the packet's number, so that the receiver can
tell a packet that nobody sent from one that came late. Runs in the gateway's namespace; figures go
to a file once a second."""
import asyncio
import hashlib
import json
import os
import random
import struct
import sys
import time

HEAD = struct.Struct("!4sBBHQ")  # magic, flow, 1 = answer, length of the body, number
MAGIC = b"SOAK"
STREAM_CHUNK = 16384
PORT = 7000


def body(kind, flow, number, size):
    return hashlib.shake_128(b"%s %d %d" % (kind, flow, number)).digest(size)


class Figures:
    def __init__(self):
        self.udp_sent, self.udp_back, self.udp_served, self.tcp_octets = {}, {}, {}, {}
        self.wrong, self.samples = 0, []
        self.breaks = 0

    def bad(self, what):
        self.wrong += 1
        if len(self.samples) < 10:
            self.samples.append(what)


class Datagrams(asyncio.DatagramProtocol):
    """Both roles: sends questions, answers those of the other."""

    def __init__(self, figures, flow, peer):
        self.figures, self.flow, self.peer = figures, flow, peer
        self.transport = None
        self.number = 0

    def connection_made(self, transport):
        self.transport = transport

    def error_received(self, exc):
        pass  # an ICMP error: the path is gone for a while

    def datagram_received(self, data, addr):
        if len(data) < HEAD.size:
            return self.figures.bad(f"flow {self.flow}: {len(data)} octets from {addr[0]}")
        magic, flow, answer, size, number = HEAD.unpack_from(data)
        if magic != MAGIC or flow != self.flow or size != len(data) - HEAD.size or \
                addr[0] != self.peer or data[HEAD.size:] != body(b"udp", flow, number, size):
            return self.figures.bad(f"flow {self.flow}: from {addr[0]}, {data[:32].hex()}")
        if answer:
            self.figures.udp_back[flow] = self.figures.udp_back.get(flow, 0) + 1
        else:
            self.figures.udp_served[flow] = self.figures.udp_served.get(flow, 0) + 1
            self.transport.sendto(HEAD.pack(MAGIC, flow, 1, size, number) + data[HEAD.size:], addr)

    def ask(self, size):
        self.number += 1
        self.figures.udp_sent[self.flow] = self.number
        self.transport.sendto(HEAD.pack(MAGIC, self.flow, 0, size, self.number) +
                              body(b"udp", self.flow, self.number, size), (self.peer, PORT))


async def ask_for_ever(d, per_second, rng):
    """Mostly small and full packets, some that have to be fragmented."""
    while True:
        for _ in range(max(1, per_second // 20)):
            d.ask(rng.choice((rng.randrange(64), rng.randrange(1400), rng.randrange(1400, 6000))))
        await asyncio.sleep(0.05)


async def serve_stream(figures, flow, reader, writer):
    number = 0
    try:
        while True:
            data = await reader.readexactly(STREAM_CHUNK)
            if data != body(b"tcp", flow, number, STREAM_CHUNK):
                figures.bad(f"stream {flow}: chunk {number} differs")
                break
            figures.tcp_octets[flow] = figures.tcp_octets.get(flow, 0) + STREAM_CHUNK
            number += 1
    except (OSError, asyncio.IncompleteReadError):
        pass
    writer.close()


async def send_stream(figures, flow, here, peer, octets_per_second):
    """Connects again whenever the stream breaks; one that stands still for long is broken."""
    while True:
        writer = None
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(
                peer, PORT, local_addr=(here, 0)), 5)
            number = 0
            while True:
                writer.write(body(b"tcp", flow, number, STREAM_CHUNK))
                await asyncio.wait_for(writer.drain(), 20)
                number += 1
                await asyncio.sleep(STREAM_CHUNK / octets_per_second)
        except (OSError, asyncio.TimeoutError):
            figures.breaks += 1
        if writer is not None:
            writer.transport.abort()
        await asyncio.sleep(0.5)


async def report(figures, path):
    while True:
        with open(path + ".new", "w", encoding="ascii") as f:
            json.dump({"time": time.time(), **vars(figures)}, f)
        os.rename(path + ".new", path)
        await asyncio.sleep(1)


async def main(path, seed, flows, per_second, octets_per_second):
    """flows: [number, own address, peer's address]"""
    figures, rng = Figures(), random.Random(seed)
    loop, tasks = asyncio.get_running_loop(), []
    for flow, here, peer in flows:
        _, d = await loop.create_datagram_endpoint(
            lambda f=flow, p=peer: Datagrams(figures, f, p), local_addr=(here, PORT))
        await asyncio.start_server(
            lambda r, w, f=flow: serve_stream(figures, f, r, w), here, PORT)
        tasks.append(ask_for_ever(d, per_second, rng))
        tasks.append(send_stream(figures, flow, here, peer, octets_per_second))
    await asyncio.gather(report(figures, path), *tasks)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3]), int(sys.argv[4]),
                     int(sys.argv[5])))
