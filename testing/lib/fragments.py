#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""fragments.py FROM TO N: sends N fragments of ESP that can never be put together: first ones whose rest
does not come, and now and then a second one that overlaps the first (RFC 5722: all of it is dropped)."""
import socket
import struct
import sys

ESP = 50
SIZE = 512


def packet4(src, dst, ident, offset, more, data):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(data), ident, more << 13 | offset // 8, 64, ESP,
                       0, src, dst)
    return head + data


def fragment6(ident, offset, more, data):
    return struct.pack(">BBHI", ESP, 0, offset | more, ident) + data


def main():
    source, target, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    six = ":" in source
    family = socket.AF_INET6 if six else socket.AF_INET
    src, dst = (socket.inet_pton(family, a) for a in (source, target))
    sock = socket.socket(family, socket.SOCK_RAW, 44 if six else socket.IPPROTO_RAW)
    if six:
        sock.bind((source, 0))
    data = bytes(SIZE)
    for i in range(count):
        pieces = [(0, 1)] if i % 4 else [(0, 1), (SIZE - 8, 0)]
        for offset, more in pieces:
            if six:
                sock.sendto(fragment6(i + 1, offset, more, data), (target, 0))
            else:
                sock.sendto(packet4(src, dst, i % 65535 + 1, offset, more, data), (target, 0))


main()
