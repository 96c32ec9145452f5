#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""silent-server.py ADDRESS PORT LOG: takes TCP connections and never answers; one line each."""
import socket
import sys

with socket.create_server((sys.argv[1], int(sys.argv[2]))) as server, open(sys.argv[3], "w") as log:
    kept = []
    print("ready", file=log, flush=True)
    while True:
        connection, peer = server.accept()
        kept.append(connection)
        print(f"connection from {peer[0]}", file=log, flush=True)
