# SPDX-License-Identifier: Apache-2.0
"""First packets to many hosts, and when each comes out encrypted: what the kernel's clock says of
packets that go into the ipsec device and out of the physical one."""
import ctypes
import select
import socket
import struct
import time

ETH_P_ALL, PACKET_OUTGOING, SO_TIMESTAMPNS, CLONE_NEWNET = 3, 4, 35, 0x40000000
UDP, ESP, PATIENCE = 17, 50, 10


class Run:
    def __init__(self):
        self.delays, self.failures, self.questions, self.seconds = [], 0, 0, 0.0


def enter(netns):
    with open("/run/netns/" + netns, "rb") as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")


def tap(device):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
    sock.bind((device, ETH_P_ALL))
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    sock.setblocking(False)
    return sock


def packets(sock):
    """(time, protocol, destination, destination port) of those that go out."""
    while True:
        try:
            data, more, _, address = sock.recvmsg(256, 128)
        except BlockingIOError:
            return
        if address[2] != PACKET_OUTGOING or len(data) < 24 or data[0] >> 4 != 4:
            continue
        seconds, nanoseconds = struct.unpack("qq", more[0][2][:16])
        head = (data[0] & 15) * 4
        port = struct.unpack_from("!H", data, head + 2)[0] if len(data) >= head + 4 else 0
        yield seconds + nanoseconds / 1e9, data[9], socket.inet_ntoa(data[16:20]), port


def send_and_watch(netns, hosts, at_once):
    enter(netns)
    run, inside, outside, dns = Run(), tap("ipsec0"), tap("veth0"), tap("dns0")
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    came, went, waiting = {}, {}, list(hosts)

    def look():
        select.select([inside, outside], [], [], 0.05)
        for when, protocol, host, _ in packets(inside):
            if protocol == UDP and host in hosts:
                came.setdefault(host, when)
        for when, protocol, host, _ in packets(outside):
            if protocol == ESP:
                went.setdefault(host, when)
        run.questions += sum(protocol == UDP and port == 53 for _, protocol, _, port in packets(dns))

    while waiting:
        now = waiting if at_once else waiting[:1]
        waiting = waiting[len(now):]
        for host in now:
            sender.sendto(b"first", (host, 9))
        end = time.monotonic() + PATIENCE
        while not all(host in went for host in now) and time.monotonic() < end:
            look()
    done = [host for host in hosts if host in came and host in went]
    run.delays = sorted(went[host] - came[host] for host in done)
    run.failures = len(hosts) - len(done)
    if done:
        run.seconds = max(went[host] for host in done) - min(came[host] for host in done)
    for sock in (inside, outside, dns, sender):
        sock.close()
    return run
