#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""datagram.py serve ADDRESS PORT | ask ADDRESS PORT df|no-df OCTETS

UDP that comes back: OCTETS is the length of the IP packet. With df the packet must arrive whole;
without, it may be cut on its way. ask fails when nothing comes back in five tries."""
import os
import socket
import sys

# linux/in.h, linux/in6.h
IP_MTU_DISCOVER, IPV6_MTU_DISCOVER, DONT, DO = 10, 23, 0, 2


def open_socket(address, df):
    if ":" in address:
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, DO if df else DONT)
    else:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, DO if df else DONT)
    return sock


def serve(address, port):
    sock = open_socket(address, False)
    sock.bind((address, port))
    print("ready", flush=True)
    while True:
        data, peer = sock.recvfrom(65535)
        sock.sendto(data[:8], peer)


def ask(address, port, df, octets):
    sock = open_socket(address, df)
    sock.connect((address, port))
    data = os.urandom(octets - (48 if ":" in address else 28))
    for _ in range(5):
        sock.settimeout(1)
        try:
            sock.send(data)
            if sock.recv(100) == data[:8]:
                print("%d octets%s passed" % (octets, " with DF" if df else ""))
                return 0
        except socket.timeout:
            continue
        except OSError as error:
            print(error)
            continue
    print("%d octets%s did not pass" % (octets, " with DF" if df else ""))
    return 1


if sys.argv[1] == "serve":
    serve(sys.argv[2], int(sys.argv[3]))
sys.exit(ask(sys.argv[2], int(sys.argv[3]), sys.argv[4] == "df", int(sys.argv[5])))
