#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tshark_oracle.py WORLD: klips on west and east, keyed by hand, with every ESP suite that tshark can
decrypt, IPv4 in IPv4 and IPv6 in IPv6. Datagrams go both ways; what was on the wire is given to
tshark with the keys, and every one of them must be found, decrypted, in the right direction, with
an integrity check value that tshark finds right. With one octet of each key wrong, none may be."""
import ctypes
import os
import socket
import subprocess
import sys
import time

import klips
from suites import AEADS, CIPHERS, MACS, key

libc = ctypes.CDLL(None, use_errno=True)
OUTER = {4: ("192.1.2.45", "192.1.2.23"), 6: ("2001:db8:1:2::45", "2001:db8:1:2::23")}
INNER = {4: ("10.1.0.1", "10.2.0.1"), 6: ("fd01::1", "fd02::1")}
PORT, SIZES = 5000, (1, 64, 333, 1200)
CIPHER_NAMES = {12: "AES-CBC [RFC3602]", 13: "AES-CTR [RFC3686]", 3: "TripleDES-CBC [RFC2451]",
                11: "NULL", 18: "AES-GCM with 8 octet ICV [RFC4106]",
                19: "AES-GCM with 12 octet ICV [RFC4106]", 20: "AES-GCM with 16 octet ICV [RFC4106]"}
# tshark does not know how to check the others, but how long they are
MAC_NAMES = {1: "HMAC-MD5-96 [RFC2403]", 2: "HMAC-SHA-1-96 [RFC2404]",
             5: "ANY 96 bit authentication [no checking]",
             8: "ANY 96 bit authentication [no checking]", 12: "HMAC-SHA-256-128 [RFC4868]",
             13: "HMAC-SHA-384-192 [RFC4868]", 14: "HMAC-SHA-512-256 [RFC4868]"}


HOME = os.open("/proc/self/ns/net", os.O_RDONLY)


def enter(world, host):
    fd = os.dup(HOME)
    if host != "wire":
        with open("%s/%s.pid" % (world, host), encoding="ascii") as f:
            fd = os.open("/proc/%s/ns/net" % f.read().strip(), os.O_RDONLY)
    if libc.setns(fd, 0x40000000) != 0:
        raise OSError(ctypes.get_errno(), "setns")
    os.close(fd)


def suites():
    for name, cipher in {**CIPHERS, **AEADS}.items():
        if cipher[0] not in CIPHER_NAMES:
            continue
        for mac_name, mac in ({"": None} if name in AEADS else MACS).items():
            yield "-".join(filter(None, (name, mac_name))), cipher, mac


class Oracle:
    def __init__(self, world):
        self.world = world
        self.sides = [klips.Klips("%s/%s/run/klips.sock" % (world, host))
                      for host in ("west", "east")]
        self.spi, self.rows, self.sent, self.checked = 0x1000, [], {}, set()
        self.sockets = {}
        for version, family in ((4, socket.AF_INET), (6, socket.AF_INET6)):
            for way, host in enumerate(("west", "east")):
                enter(world, host)
                s = socket.socket(family, socket.SOCK_DGRAM)
                s.bind((INNER[version][way], PORT))
                s.settimeout(10)
                self.sockets[version, way] = s

    def try_suite(self, name, cipher, mac, version):
        """False: klips has no such suite."""
        ends, saids = INNER[version], []
        for way in (0, 1):
            src, dst = (OUTER[version][way], OUTER[version][1 - way])
            nets = ["%s/%d" % (ends[side], 32 if version == 4 else 128) for side in (way, 1 - way)]
            options = {"encr": cipher[0], "encr_key": key(cipher[1], self.spi)}
            if mac:
                options |= {"integ": mac[0], "integ_key": key(mac[1], self.spi + 1)}
            for side in (0, 1):
                try:
                    esp = self.sides[side].add("esp", src, dst, self.spi, side != way, **options)
                except klips.Refused:
                    return False
                tun = self.sides[side].add("tun", src, dst, self.spi, side != way, content=nets)
                self.sides[side].group(tun, esp)
                saids.append((side, esp))
            self.sides[way].flow(nets[0], nets[1], esp)
            self.rows.append((version, src, dst, self.spi, cipher, mac, options))
            if not mac or not MAC_NAMES[mac[0]].startswith("ANY"):
                self.checked.add(self.spi)
            for size in SIZES:
                data = ("%s %d %d " % (name, version, way) * 100)[:size].encode()
                self.sockets[version, way].sendto(data, (ends[1 - way], PORT))
                got = self.sockets[version, 1 - way].recv(2000)
                if got != data:
                    raise RuntimeError("%s: east and west do not agree" % name)
                self.sent[self.spi, size] = data
            self.spi += 1
        for side, esp in saids:
            self.sides[side].delete(esp)
        return True

    def tshark(self, pcap, bent):
        """{(SPI, octets): payload} that it can decrypt, and the SPIs of right and wrong ICVs."""
        lines = []
        for version, src, dst, spi, cipher, mac, options in self.rows:
            keys = []
            for octets in (options["encr_key"], options.get("integ_key", b"")):
                # not the last octet: that is part of the salt, whose end some do not use
                octets = bytes(b ^ (2 if bent and i == 0 else 0) for i, b in enumerate(octets))
                keys.append("0x" + octets.hex() if octets else "")
            lines.append('"IPv%d","%s","%s","0x%08x","%s","%s","%s","%s"\n' % (
                version, src, dst, spi, CIPHER_NAMES[cipher[0]], keys[0],
                MAC_NAMES[mac[0]] if mac else "NULL", keys[1]))
        config = "%s/wireshark%d" % (self.world, bent)
        os.makedirs(config)
        with open(config + "/esp_sa", "w", encoding="ascii") as f:
            f.writelines(lines)
        done = subprocess.run(
            ["tshark", "-n", "-r", pcap, "-o", "esp.enable_encryption_decode:TRUE",
             "-o", "esp.enable_authentication_check:TRUE", "-Y", "esp", "-T", "fields",
             "-E", "separator=;", "-e", "esp.spi", "-e", "udp.payload", "-e", "esp.icv_good",
             "-e", "esp.icv_bad", "-e", "ip.src", "-e", "ipv6.src"],
            env=dict(os.environ, WIRESHARK_CONFIG_DIR=config, HOME=self.world), check=True,
            capture_output=True, text=True).stdout
        found, good, bad, sources = {}, {}, {}, {}
        for line in done.splitlines():
            spi, payload, right, wrong, src4, src6 = line.split(";")
            spi = int(spi.split(",")[0], 16)  # garbage may look like more ESP inside
            payload = payload.split(",")[0]
            if right.split(",")[0] in ("1", "True"):
                good[spi] = good.get(spi, 0) + 1
            if wrong.split(",")[0] in ("1", "True"):
                bad[spi] = bad.get(spi, 0) + 1
            if payload:
                data = bytes.fromhex(payload.replace(":", ""))
                found[spi, len(data)] = data
                sources[spi] = (src4 or src6).split(",")
        return found, good, bad, sources


def main():
    world = sys.argv[1]
    os.chdir(world)
    oracle = Oracle(world)
    pcap = world + "/esp.pcap"
    enter(world, "wire")
    with open(pcap + ".log", "w", encoding="utf-8") as log:
        capture = subprocess.Popen(["tcpdump", "-n", "-i", "public", "-s", "2000", "-B", "32768",
                                    "--immediate-mode", "-Z", "root", "-w", pcap], stderr=log)
    while not os.path.exists(pcap):
        time.sleep(0.05)
    time.sleep(0.2)
    tried, lacking = 0, []
    for name, cipher, mac in suites():
        for version in (4, 6):
            if oracle.try_suite(name, cipher, mac, version):
                tried += 1
            else:
                lacking.append(name)
    enter(world, "wire")
    time.sleep(0.5)
    capture.terminate()
    capture.wait()
    found, good, bad, sources = oracle.tshark(pcap, False)
    wrong = ["SPI 0x%x, %d octets: %s" % (*k, "not decrypted" if k not in found else "differs")
             for k in oracle.sent if found.get(k) != oracle.sent[k]]
    wrong += ["SPI 0x%x: %d right ICVs" % (spi, good.get(spi, 0)) for spi in sorted(oracle.checked)
              if good.get(spi, 0) < len(SIZES)]
    wrong += ["SPI 0x%x: %d wrong ICVs" % row for row in bad.items()]
    for version, src, _, spi, *_ in oracle.rows:
        want = [src, INNER[version][OUTER[version].index(src)]]
        if sources.get(spi) != want:
            wrong.append("SPI 0x%x: from %s, not %s" % (spi, sources.get(spi), want))
    found_bent, good_bent, _, _ = oracle.tshark(pcap, True)
    clear = {row[3] for row in oracle.rows if row[4][0] == 11}
    wrong += ["SPI 0x%x: decrypted with another key" % k[0] for k in oracle.sent
              if k[0] not in clear and found_bent.get(k) == oracle.sent[k]]
    wrong += ["SPI 0x%x: right ICV with another key" % spi for spi in good_bent]
    for text in wrong[:20]:
        print("FAILED " + text)
    print("klips has no: %s" % " ".join(sorted(set(lacking))))
    print("%d suites, %d packets decrypted, %d ICVs right, %d complaints" % (
        tried, len(found), sum(good.values()), len(wrong)))
    return 1 if wrong or lacking or not tried else 0


sys.exit(main())
