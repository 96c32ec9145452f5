#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""suite_oracle.py WORLD IPSEC SUITE...: for each suite west brings up the connections SUITE and
SUITE-six to the strongSwan on east, the clients exchange datagrams and streams both ways, and
strongSwan must say that it uses the suite. A line for each; status 1: one failed."""
import ctypes
import hashlib
import os
import re
import socket
import subprocess
import sys
import threading
import time

libc = ctypes.CDLL(None, use_errno=True)
WORLD, IPSEC = sys.argv[1:3]
ENDS = {4: ("192.0.1.1", "192.0.2.1"), 6: ("2001:db8:0:1::1", "2001:db8:0:2::1")}
SIZES, STREAM = (1, 100, 1300, 5000), 200000
MACS = {"sha1": "HMAC_SHA1_96", "sha256": "HMAC_SHA2_256_128", "sha384": "HMAC_SHA2_384_192",
        "sha512": "HMAC_SHA2_512_256", "aesxcbc": "AES_XCBC_96", "aescmac": "AES_CMAC_96"}


def pid_of(host):
    with open("%s/%s.pid" % (WORLD, host), encoding="ascii") as f:
        return f.read().strip()


def enter(host):
    fd = os.open("/proc/%s/ns/net" % pid_of(host), os.O_RDONLY)
    if libc.setns(fd, 0x40000000) != 0:
        raise OSError(ctypes.get_errno(), "setns")
    os.close(fd)


def on(host, *command, **env):
    return subprocess.run(["nsenter", "-t", pid_of(host), "-m", "-u", "-n", "-p", "-r", "-w", "--",
                           *command], env=dict(os.environ, **env), capture_output=True, text=True,
                          timeout=60, check=False).stdout


def ipsec(*words):
    return on("west", IPSEC, "--confdir", "/run/modswan/etc", "--rundir", "/run/modswan/run", *words)


def their_name(suite):
    """As strongSwan lists it."""
    cipher, _, mac = suite.partition("-")
    bits, mode = re.fullmatch(r"(?:aes|chacha)(\d+)([a-z0-9]*)", cipher).groups()
    if cipher.startswith("chacha"):
        return "CHACHA20_POLY1305"
    if not mac:
        return "AES_%s_%s-%s" % (mode[:3].upper(), mode[3:], bits)
    return "AES_%s-%s/%s" % (mode.upper() or "CBC", bits, MACS[mac])


def made(host, version, kind):
    """A socket in the host's namespace."""
    enter(host)
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    s = socket.socket(family, kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.settimeout(15)
    return s


def datagrams(version, port, text):
    ends = [made(host, version, socket.SOCK_DGRAM) for host in ("sunset", "sunrise")]
    try:
        for n in (0, 1):
            ends[n].bind((ENDS[version][n], port))
        for size in SIZES:
            for way in (0, 1):
                data = ("%s %d " % (text, way) * 600)[:size].encode()
                # fragments of IPv6 are lost until the sender knows the path's MTU
                for seconds in (1, 3, 9):
                    got = b""
                    try:
                        ends[way].sendto(data, (ENDS[version][1 - way], port))
                        ends[1 - way].settimeout(seconds)
                        got = ends[1 - way].recv(70000)
                        break
                    except socket.timeout:
                        pass
                if got != data:
                    raise ValueError("IPv%d, way %d: of a datagram of %d octets came %d, or others"
                                     % (version, way, size, len(got)))
    finally:
        for s in ends:
            s.close()


def stream(version, port, way):
    hosts = ("sunset", "sunrise")
    with made(hosts[1 - way], version, socket.SOCK_STREAM) as listener, \
            made(hosts[way], version, socket.SOCK_STREAM) as s:
        listener.bind((ENDS[version][1 - way], port))
        listener.listen()
        s.bind((ENDS[version][way], 0))
        s.connect(listener.getsockname()[:2])
        conn, _ = listener.accept()
        with conn:
            conn.settimeout(15)
            data = os.urandom(STREAM)
            sender = threading.Thread(target=lambda: (s.sendall(data), s.shutdown(socket.SHUT_WR)))
            sender.start()
            digest, got = hashlib.sha256(), 0
            while piece := conn.recv(1 << 16):
                digest.update(piece)
                got += len(piece)
            sender.join()
        if digest.digest() != hashlib.sha256(data).digest():
            raise ValueError("of a stream of %d octets came %d, or others" % (STREAM, got))


def try_suite(suite, port):
    try:
        for name in (suite, suite + "-six"):
            out = ipsec("auto", "--up", name)
            if not re.search("^004 .* established", out, re.M):
                raise ValueError("%s does not come up: %s" % (name, out.strip()[-300:]))
        for version in (4, 6):
            datagrams(version, port, suite)
            for way in (0, 1):
                stream(version, port + 1 + way, way)
        theirs = on("east", "/run/swanctl", "--list-sas", "--uri", "unix:///run/charon.vici",
                    STRONGSWAN_CONF="/run/strongswan.conf")
        used = re.findall(r"INSTALLED, TUNNEL-in-UDP, ESP:(\S+)", theirs)
        want = their_name(suite)
        if len(used) < 2 or any(u != want and not u.startswith(want + "/") for u in used):
            raise ValueError("strongSwan uses %s, not %s" % (used, want))
    finally:
        for name in (suite, suite + "-six"):
            ipsec("auto", "--down", name)


def main():
    failed, started = 0, time.monotonic()
    suites = sys.argv[3:]
    for i, suite in enumerate(suites):
        try:
            try_suite(suite, 6000 + i * 4)
            print("ok %s" % suite, flush=True)
        except (ValueError, OSError) as e:
            print("FAILED %s: %s" % (suite, str(e) or type(e).__name__), flush=True)
            failed += 1
    print("%d suites, %d failed, in %d s" % (len(suites), failed, time.monotonic() - started))
    return 1 if failed else 0


sys.exit(main())
