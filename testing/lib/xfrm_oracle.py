#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""xfrm_oracle.py PATTERN KLIPS [OPTION...]: inside a kernel that has XFRM (lib/guest); klips is
started as it says there, cases whose name matches PATTERN are run.

Two hosts in namespaces: "ours" has klips, "theirs" the kernel's own IPsec, both with keys that are
set by hand. For every transform that the kernel knows, alone and in groups, in every shape, UDP
datagrams go both ways and must arrive unchanged; the kernel's error counters must stay as they are,
and klips must have used the SAs. A line for each case; the last line is the sum. Status 1: one
failed, or klips lacks an algorithm that it should have."""
import ctypes
import fnmatch
import os
import socket
import struct
import subprocess
import sys
import time

import klips
from suites import AEADS, CIPHERS, MACS, key

CLONE_NEWNET = 0x40000000
UDP_ENCAP, UDP_ENCAP_ESPINUDP, IP_XFRM_POLICY, IPV6_XFRM_POLICY = 100, 2, 17, 35
libc = ctypes.CDLL(None, use_errno=True)

MODULES = """xfrm_user esp4 esp6 ah4 ah6 ipcomp ipcomp6 xfrm4_tunnel xfrm6_tunnel ipip ip6_tunnel sit veth
tun authenc authencesn echainiv seqiv gcm ccm ctr cbc ecb hmac cmac xcbc sha1_generic sha256_generic
sha512_generic md5 chacha20poly1305 des_generic ghash-generic crypto_null aes_generic aes_ti deflate
xfrm_ipcomp drbg jitterentropy_rng ipv6""".split()

OUTER = {4: ("192.0.2.1", "192.0.2.2"), 6: ("2001:db8::1", "2001:db8::2")}
INNER = {4: ("10.1.0.1", "10.2.0.1"), 6: ("fd01::1", "fd02::1")}
NETS = {4: ("10.1.0.0/24", "10.2.0.0/24"), 6: ("fd01::/64", "fd02::/64")}

class Suite:
    """One transform with keys: what it is called here and there."""
    def __init__(self, name, protocol, cipher=None, mac=None, esn=False):
        self.name, self.protocol, self.cipher, self.mac, self.esn = name, protocol, cipher, mac, esn

    def ours(self, seed):
        out = {"esn": self.esn}
        if self.cipher:
            out |= {"encr": self.cipher[0], "encr_key": key(self.cipher[1], seed)}
        if self.mac:
            out |= {"integ": self.mac[0], "integ_key": key(self.mac[1], seed + 1)}
        return out

    def theirs(self, seed):
        def text(octets):
            return "0x" + octets.hex() if octets else '""'
        out = ""
        if self.cipher:
            _, octets, kind, name, bits = self.cipher
            out += " %s %s %s" % (kind, name, text(key(octets, seed)))
            out += " %d" % bits if kind == "aead" else ""
        if self.mac:
            out += " auth-trunc %s %s %d" % (self.mac[2], text(key(self.mac[1], seed + 1)),
                                             self.mac[3])
        return out + (" replay-window 64" if self.esn else " replay-window 32")


def suites():
    for name, cipher in CIPHERS.items():
        for mac_name, mac in MACS.items():
            yield Suite("esp-%s-%s" % (name, mac_name), "esp", cipher, mac)
    for name, cipher in AEADS.items():
        yield Suite("esp-" + name, "esp", cipher)
    for name, mac in MACS.items():
        yield Suite("ah-" + name, "ah", None, mac)


def with_esn():
    yield Suite("esp-aes128-gcm16-esn", "esp", AEADS["aes128-gcm16"], None, True)
    yield Suite("esp-chacha20poly1305-esn", "esp", AEADS["chacha20poly1305"], None, True)
    for name, mac in MACS.items():
        yield Suite("esp-aes128-cbc-%s-esn" % name, "esp", CIPHERS["aes128-cbc"], mac, True)
        yield Suite("ah-%s-esn" % name, "ah", None, mac, True)


class Case:
    """members, inner to outer: "tun", "comp" or a Suite; shape: outer and inner version."""
    def __init__(self, name, members, outer, inner, encap=False):
        self.name, self.members, self.outer, self.inner = name, members, outer, inner
        self.encap = encap
        self.tunnel = "tun" in members
        if self.tunnel:
            self.addrs, self.nets = INNER[inner], NETS[inner]
        else:
            self.addrs = OUTER[outer]
            self.nets = ["%s/%d" % (a, 32 if outer == 4 else 128) for a in self.addrs]


def cases():
    all_suites = list(suites())
    for version in (4, 6):
        for s in all_suites:
            yield Case("tunnel-%din%d-%s" % (version, version, s.name), ["tun", s], version,
                       version)
        for s in all_suites:
            yield Case("transport-%d-%s" % (version, s.name), [s], version, version)
    for outer, inner in ((4, 6), (6, 4)):
        for s in all_suites:
            if not s.mac or s.mac is MACS["sha256"] or not s.cipher:
                yield Case("tunnel-%din%d-%s" % (inner, outer, s.name), ["tun", s], outer, inner)
    for s in with_esn():
        yield Case("tunnel-4in4-" + s.name, ["tun", s], 4, 4)
        yield Case("transport-6-" + s.name, [s], 6, 6)
    gcm, ah = Suite("esp", "esp", AEADS["aes128-gcm16"]), Suite("ah", "ah", None, MACS["sha256"])
    cbc = Suite("esp", "esp", CIPHERS["aes256-cbc"], MACS["sha1"])
    for version in (4, 6):
        for first in (["tun"], []):
            shape = "%s-%d-" % ("tunnel" if first else "transport", version)
            for name, members in (("comp-esp", ["comp", gcm]), ("esp-ah", [gcm, ah]),
                                  ("comp-ah", ["comp", ah]), ("comp-esp-ah", ["comp", cbc, ah])):
                yield Case(shape + name, first + members, version, version)
        for s in (gcm, cbc):
            yield Case("tunnel-%d-udp-%s" % (version, "gcm" if s is gcm else "cbc"), ["tun", s],
                       version, version, True)
        yield Case("transport-%d-udp-gcm" % version, [gcm], version, version, True)


# --- the two hosts ------------------------------------------------------------------------------

def enter(name):
    fd = os.open("/run/netns/" + name, os.O_RDONLY)
    if libc.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
    os.close(fd)


def batch(text, host=None):
    done = subprocess.run(["ip"] + (["-n", host] if host else []) + ["-batch", "-"],
                          input=text.encode(), capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.decode().strip().replace("\n", "; "))


def make_hosts():
    subprocess.run(["modprobe", "-d", "/run/root", "-q", "-a"] + MODULES, check=False,
                   stderr=subprocess.DEVNULL)
    batch("netns add ours\nnetns add theirs\n"
          "link add eth1 netns ours type veth peer name eth1 netns theirs\n")
    for n, host in enumerate(("ours", "theirs")):
        batch("link set lo up\naddr add %s/24 dev eth1\naddr add %s/64 dev eth1 nodad\n"
              "addr add %s/32 dev lo\naddr add %s/128 dev lo nodad\nlink set eth1 up\n"
              % (OUTER[4][n], OUTER[6][n], INNER[4][n], INNER[6][n]), host)
        enter(host)
        for name in ("all", "default", "eth1"):
            with open("/proc/sys/net/ipv4/conf/%s/rp_filter" % name, "w", encoding="ascii") as f:
                f.write("0")
    batch("route add 10.1.0.0/24 via 192.0.2.1 src 10.2.0.1\n"
          "route add fd01::/64 via 2001:db8::1 src fd02::1\n", "theirs")


def start_klips(command):
    os.makedirs("/run/klips/modswan")
    with open("/run/klips/modswan/modswan.conf", "w", encoding="ascii") as f:
        f.write('plugins-also = [ "crypto-legacy" ];\n')  # NULL, 3DES, MD5
    daemon = subprocess.Popen(["ip", "netns", "exec", "ours"] + command
                              + ["--rundir", "/run/klips", "--confdir", "/run/klips", "--nofork",
                                 "--stderrlog"],
                              stderr=open("/run/share/klips.log", "w", encoding="utf-8"))
    for _ in range(300):
        if os.path.exists("/run/klips/klips.ctl"):
            k = klips.Klips("/run/klips/klips.sock")
            k.attach("eth1")
            batch("route add 10.2.0.0/24 dev ipsec0 src 10.1.0.1\n"
                  "route add fd02::/64 dev ipsec0 src fd01::1\n", "ours")
            return daemon, k
        time.sleep(0.1)
    raise RuntimeError("klips does not start")


def encap_sockets(k):
    """UDP 4500: given to klips, and with UDP_ENCAP for the kernel. The kernel's must stay open."""
    kept = []
    for version, family in ((4, socket.AF_INET), (6, socket.AF_INET6)):
        enter("ours")
        with socket.socket(family, socket.SOCK_DGRAM) as s:
            s.bind((OUTER[version][0], 4500))
            k.encap(OUTER[version][0], 4500, s.fileno())
        enter("theirs")
        s = socket.socket(family, socket.SOCK_DGRAM)
        s.bind((OUTER[version][1], 4500))
        s.setsockopt(socket.IPPROTO_UDP, UDP_ENCAP, UDP_ENCAP_ESPINUDP)
        # what comes in UDP is not itself under a policy of transport mode
        for way in (0, 1):
            s.setsockopt(*((0, IP_XFRM_POLICY) if version == 4 else (41, IPV6_XFRM_POLICY)),
                         struct.pack("=40xH118xB7x", family, way))
        kept.append(s)
    return kept


def xfrm_errors():
    with open("/proc/thread-self/net/xfrm_stat", encoding="ascii") as f:
        return {line.split()[0]: int(line.split()[1]) for line in f}


# --- keys, the same on both sides ---------------------------------------------------------------

def set_ours(k, case, spi):
    """SAIDs of the outermost members, (out, in)."""
    last = []
    for inbound in (False, True):
        src, dst = OUTER[case.outer][::-1] if inbound else OUTER[case.outer]
        nets = case.nets[::-1] if inbound else case.nets
        before = None
        for i, member in enumerate(case.members):
            protocol = member if isinstance(member, str) else member.protocol
            number = spi + i + (16 if inbound else 0)
            options = {} if isinstance(member, str) else member.ours(number)
            if case.encap and protocol == "esp":
                options["ports"] = (4500, 4500)
            said = k.add(protocol, src, dst, number, inbound, content=None if before else nets,
                         **options)
            if before:
                k.group(before, said)
            before = said
        last.append(before)
    k.flow(case.nets[0], case.nets[1], last[0])
    return last


def set_theirs(case, spi):
    """States and policies; the tunnel's mode belongs to the member that follows "tun"."""
    text, sides = "xfrm policy flush\nxfrm state flush\n", OUTER[case.outer]
    templates = {}
    for inbound in (False, True):  # as klips sees it
        src, dst = sides[::-1] if inbound else sides
        template, tunnel = "", False
        for i, member in enumerate(case.members):
            if member == "tun":
                tunnel = True
                continue
            mode = "tunnel" if tunnel else "transport"
            number = spi + i + (16 if inbound else 0)
            protocol = member if isinstance(member, str) else member.protocol
            text += "xfrm state add src %s dst %s proto %s spi 0x%x reqid %d mode %s" % (
                src, dst, protocol, number, i + 1, mode)
            if member == "comp":
                text += " comp deflate"
            else:
                text += member.theirs(number)
            # RFC 4302 s3.3.3.2.1: IPv4 pads the ICV to 32 bits; XFRM does only if it is told
            flags = ["esn"] * (member != "comp" and member.esn)
            flags += ["align4"] * (protocol == "ah" and case.outer == 4)
            flags += ["af-unspec"] * (tunnel and case.outer != case.inner)
            text += " flag " + " ".join(flags) if flags else ""
            if case.encap and protocol == "esp":
                text += " encap espinudp 4500 4500 0.0.0.0"
            text += "\n"
            template += " tmpl src %s dst %s proto %s reqid %d mode %s" % (
                src, dst, protocol, i + 1, mode)
            # what would not get shorter comes uncompressed
            template += " level use" if member == "comp" and not inbound else ""
            tunnel = False
        templates[inbound] = template
    ours, theirs = case.nets
    text += "xfrm policy add src %s dst %s dir out%s\n" % (theirs, ours, templates[True])
    text += "xfrm policy add src %s dst %s dir in%s\n" % (ours, theirs, templates[False])
    # what else goes between the hosts themselves is not for IPsec
    batch(text, "theirs")


def clear(k, case, last):
    k.unflow(case.nets[0], case.nets[1])
    for said in last:
        k.delete(said)


# --- traffic ------------------------------------------------------------------------------------

def payload(size, text):
    """Compressible, so that IPComp has something to do."""
    return (text.encode() * (size // len(text) + 1))[:size]


def receive(s, wanted, seconds=10):
    s.settimeout(seconds)
    try:
        got = s.recv(70000)
    except socket.timeout:
        return "nothing came"
    return None if got == wanted else "%d octets came, not the %d that were sent" % (
        len(got), len(wanted))


def exchange(case, port):
    family = socket.AF_INET if ":" not in case.addrs[0] else socket.AF_INET6
    ends = []
    try:
        for n, host in enumerate(("ours", "theirs")):
            enter(host)
            ends.append(socket.socket(family, socket.SOCK_DGRAM))
            ends[n].bind((case.addrs[n], port))
        for size in (1, 57, 200, 1201) + ((4000,) if case.tunnel else ()):
            for n, way in ((0, "to them"), (1, "to us")):
                data = payload(size, "%s %s " % (case.name, way))
                ends[n].sendto(data, (case.addrs[1 - n], port))
                wrong = receive(ends[1 - n], data)
                if wrong:
                    return "%d octets %s: %s" % (size, way, wrong)
    finally:
        for s in ends:
            s.close()
    return None


def run(k, case, spi):
    """None: fine."""
    before = xfrm_errors()
    last = set_ours(k, case, spi)
    try:
        set_theirs(case, spi)
        wrong = exchange(case, 5000 + spi // 64 % 50000)
        enter("theirs")
        rose = {name: n - before[name] for name, n in xfrm_errors().items() if n != before[name]}
        if rose:
            wrong = "%s, XFRM says %s" % (wrong or "all came", rose)
        for said in last:
            used = int.from_bytes(k.call(klips.GET, klips.SATYPE[said[0]], klips.sa_ext(
                klips.E_SA, said[1]) + klips.address(klips.E_SRC, said[2])
                + klips.address(klips.E_DST, said[2]))[51][12:20], "little")
            if not wrong and used < 4:
                wrong = "%s%x was used %d times" % (said[0], said[1], used)
        return wrong
    finally:
        clear(k, case, last)


def route_transport(version, on):
    """The peer itself through the device, for transport mode."""
    ours, theirs = OUTER[version]
    batch("route %s %s dev ipsec0 src %s\n" % ("add" if on else "del", theirs, ours), "ours")


def known(k, case):
    """The first algorithm that klips does not have; None: it has them all."""
    for i, member in enumerate(case.members):
        if isinstance(member, str):
            continue
        try:
            k.delete(k.add(member.protocol, "192.0.2.9", "192.0.2.8", 0x7000 + i, False,
                           **member.ours(1)))
        except klips.Refused:
            return member.name
    return None


def main():
    started = time.monotonic()
    make_hosts()
    daemon, k = start_klips(sys.argv[2:])
    kept = encap_sockets(k)
    enter("theirs")
    passed, failed, lacking, spi, version = 0, 0, set(), 0x1000, None
    for case in cases():
        if not fnmatch.fnmatch(case.name, sys.argv[1]):
            continue
        lacks = known(k, case)
        if lacks:
            lacking.add(lacks)
            continue
        wanted = case.outer if not case.tunnel else None
        if wanted != version:
            if version:
                route_transport(version, False)
            version = wanted
            if version:
                route_transport(version, True)
        try:
            wrong = run(k, case, spi)
        except (RuntimeError, klips.Refused, OSError) as e:
            wrong = str(e)
        print("%s %s%s" % ("FAILED" if wrong else "ok", case.name, ": " + wrong if wrong else ""),
              flush=True)
        passed, failed, spi = passed + (not wrong), failed + bool(wrong), spi + 64
    sas, eroutes = k.counts()
    if (sas, eroutes) != (0, 0):
        print("FAILED %d SAs and %d eroutes are left in klips" % (sas, eroutes))
        failed += 1
    k.close()
    daemon.terminate()
    daemon.wait()
    del kept
    print("klips has no: %s" % (" ".join(sorted(lacking)) or "(nothing)"))
    print("%d passed, %d failed, in %d s" % (passed, failed, time.monotonic() - started))
    return 1 if failed or lacking or not passed else 0


sys.exit(main())
