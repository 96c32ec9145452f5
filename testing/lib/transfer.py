#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""transfer.py serve ADDRESS PORT | send ADDRESS PORT MEGABYTES

A TCP transfer of random octets; the receiver answers with how many it got and their SHA-256, and
the sender compares. The server serves until it is killed."""
import hashlib
import os
import socket
import sys
import time

BLOCK = 1 << 16


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def receive(conn):
    digest, total = hashlib.sha256(), 0
    while True:
        data = conn.recv(BLOCK)
        if not data:
            break
        digest.update(data)
        total += len(data)
    conn.sendall(b"%d %s\n" % (total, digest.hexdigest().encode()))
    return total


def serve(address, port):
    with socket.create_server((address, port), family=family(address)) as listener:
        print("ready", flush=True)
        while True:
            conn, peer = listener.accept()
            with conn:
                conn.settimeout(60)
                try:
                    print("%d bytes from %s" % (receive(conn), peer[0]), flush=True)
                except OSError as error:
                    print("from %s: %s" % (peer[0], error), flush=True)


def send(address, port, megabytes):
    # one random block, told apart by a counter: cheap, and no two blocks are alike
    noise = os.urandom(BLOCK - 8)
    digest, total, start = hashlib.sha256(), 0, time.monotonic()
    with socket.create_connection((address, port), timeout=10) as conn:
        conn.settimeout(60)
        while total < megabytes * 1000000:
            block = total.to_bytes(8, "big") + noise
            digest.update(block)
            conn.sendall(block)
            total += len(block)
        conn.shutdown(socket.SHUT_WR)
        answer = b""
        while not answer.endswith(b"\n"):
            data = conn.recv(200)
            if not data:
                raise SystemExit("transfer: the connection closed without an answer")
            answer += data
    seconds = time.monotonic() - start
    mine = "%d %s" % (total, digest.hexdigest())
    if answer.decode().strip() != mine:
        raise SystemExit("transfer: sent %s, received %s" % (mine, answer.decode().strip()))
    print("%d bytes in %.1f s, %.0f Mbit/s" % (total, seconds, total * 8e-6 / seconds))


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "serve":
        serve(sys.argv[2], int(sys.argv[3]))
    elif len(sys.argv) == 5 and sys.argv[1] == "send":
        send(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        raise SystemExit(__doc__)
