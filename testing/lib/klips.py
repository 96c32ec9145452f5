# SPDX-License-Identifier: Apache-2.0
"""Speaks PF_KEY with klips (include/modswan/pfkey.h): SAs, groups, eroutes, devices, without a
process for each. Addresses are strings; a SAID is (protocol, spi, address)."""
import array
import errno
import ipaddress
import os
import socket
import struct

GETSPI, ADD, DELETE, GET, FLUSH, GRPSA, ADDFLOW, DELFLOW = 1, 3, 4, 5, 9, 13, 14, 15
HELLO, ATTACH, DETACH, ENCAP, TEARDOWN = 64, 65, 66, 67, 70
SATYPE = {"ah": 2, "esp": 3, "tun": 9, "comp": 10, "int": 11}
E_SA, E_HARD, E_SRC, E_DST, E_KEY_AUTH, E_KEY_ENCRYPT = 1, 3, 5, 6, 8, 9
E_SATYPE2, E_SA2, E_DST2 = 18, 19, 20
E_SRC_FLOW, E_DST_FLOW, E_SRC_MASK, E_DST_MASK, E_PROTOCOL = 21, 22, 23, 24, 26
E_NAT_TYPE, E_NAT_SPORT, E_NAT_DPORT = 27, 28, 29
E_X_SA, E_SEL_SRC, E_SEL_DST, E_DEVICE, E_LOCAL, E_INSTANCE = 48, 49, 50, 52, 53, 57
MATURE, REPLACEFLOW, ESN, INBOUND = 1, 2, 1, 2
SHUNTS = {"%pass": 256, "%drop": 257, "%reject": 258, "%hold": 259, "%trap": 260}


class Refused(Exception):
    """klips answered with this errno."""
    def __init__(self, number, what):
        super().__init__("%s: %s" % (what, errno.errorcode.get(number, number)))
        self.errno = number


def ext(number, body):
    body += bytes(-(len(body) + 4) % 8)
    return struct.pack("=HH", (len(body) + 4) // 8, number) + body


def sockaddr(address, port=0):
    a = ipaddress.ip_address(address)
    if a.version == 4:
        return struct.pack("=H", socket.AF_INET) + struct.pack(">H4s8x", port, a.packed)
    return struct.pack("=H", socket.AF_INET6) + struct.pack(">HI16sI", port, 0, a.packed, 0)


def address(number, text, port=0):
    return ext(number, bytes(4) + sockaddr(text, port))


def sa_ext(number, spi, flags=0):
    return ext(number, struct.pack(">I", spi) + struct.pack("=BBBBII", 0, MATURE, 0, 0, flags, 0))


def key(number, octets):
    return ext(number, struct.pack("=HH", len(octets) * 8, 0) + octets) if octets else b""


def selector(number, net):
    n = ipaddress.ip_network(net)
    family = socket.AF_INET if n.version == 4 else socket.AF_INET6
    return ext(number, struct.pack("=BBHH6x16s16s", 0, family, 0, 65535,
                                   n.network_address.packed, n.broadcast_address.packed))


def flow_exts(src, dst, protocol=0, sport=0, dport=0):
    s, d = ipaddress.ip_network(src), ipaddress.ip_network(dst)
    out = (address(E_SRC_FLOW, str(s.network_address), sport)
           + address(E_DST_FLOW, str(d.network_address), dport)
           + address(E_SRC_MASK, str(s.netmask), 65535 if sport else 0)
           + address(E_DST_MASK, str(d.netmask), 65535 if dport else 0))
    return out + (ext(E_PROTOCOL, bytes([protocol, 0, 0, 0])) if protocol else b"")


class Klips:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(20)
        self.socket.connect(path)
        self.seq = 0

    def close(self):
        self.socket.close()

    def call(self, kind, satype, exts, fd=None):
        """The answer's extensions, {number: octets behind its head}."""
        self.seq += 1
        head = struct.pack("=BBBBHHII", 2, kind, 0, satype, 2 + len(exts) // 8, 0, self.seq,
                           os.getpid())
        aux = [] if fd is None else [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))]
        self.socket.sendmsg([head + exts], aux)
        while True:
            data = self.socket.recv(70000)
            if not data:
                raise ConnectionError("klips has gone")
            _, type_, err, _, _, _, seq, pid = struct.unpack("=BBBBHHII", data[:16])
            if (type_, seq, pid) == (kind, self.seq, os.getpid()):
                break
        if err:
            raise Refused(err, "message %d" % kind)
        found, at = {}, 16
        while at < len(data):
            words, number = struct.unpack("=HH", data[at:at + 4])
            found[number] = data[at + 4:at + 8 * words]
            at += 8 * words
        return found

    # --- devices -----------------------------------------------------------------------------

    def attach(self, phys, name=""):
        self.call(ATTACH, 0, ext(E_DEVICE, struct.pack("=I16s16sI", 0, name.encode(),
                                                       phys.encode(), 0)))

    def detach(self, name):
        self.call(DETACH, 0, ext(E_DEVICE, struct.pack("=I16s16sI", 0, name.encode(), b"", 0)))

    def encap(self, local, port, fd):
        self.call(ENCAP, 0, address(E_LOCAL, local, port), fd)

    def counts(self):
        """(SAs, eroutes)"""
        _, _, sas, eroutes = struct.unpack("=IQII", self.call(HELLO, 0, b"")[E_INSTANCE][:20])
        return sas, eroutes

    # --- SAs ---------------------------------------------------------------------------------

    def add(self, protocol, src, dst, spi, inbound, encr=0, encr_key=b"", integ=0, integ_key=b"",
            esn=False, window=64, ports=None, content=None):
        """One SA; content: (net, net) that may come out of it."""
        flags = (ESN if esn else 0) | (INBOUND if inbound else 0)
        body = (sa_ext(E_SA, spi) + address(E_SRC, src) + address(E_DST, dst)
                + ext(E_X_SA, struct.pack("=HHIIIIH", encr, integ, window, 0, 0, flags, 0))
                + key(E_KEY_ENCRYPT, encr_key) + key(E_KEY_AUTH, integ_key))
        if ports:
            body += (ext(E_NAT_TYPE, b"\2") + ext(E_NAT_SPORT, struct.pack(">H", ports[0]))
                     + ext(E_NAT_DPORT, struct.pack(">H", ports[1])))
        if content and inbound:
            body += selector(E_SEL_SRC, content[0]) + selector(E_SEL_DST, content[1])
        self.call(ADD, SATYPE[protocol], body)
        return protocol, spi, dst

    def group(self, inner, outer):
        """inner is applied right before outer."""
        self.call(GRPSA, SATYPE[inner[0]], sa_ext(E_SA, inner[1]) + address(E_DST, inner[2])
                  + ext(E_SATYPE2, bytes([SATYPE[outer[0]]])) + sa_ext(E_SA2, outer[1])
                  + address(E_DST2, outer[2]))

    def delete(self, said):
        """With its whole group."""
        self.call(DELETE, SATYPE[said[0]], sa_ext(E_SA, said[1]) + address(E_SRC, said[2])
                  + address(E_DST, said[2]))

    # --- eroutes -----------------------------------------------------------------------------

    def flow(self, src, dst, to, **ports):
        """to: a SAID, or a shunt's name."""
        if isinstance(to, str):
            family = ipaddress.ip_network(src).version
            to = ("int", SHUNTS[to], "0.0.0.0" if family == 4 else "::")
        self.call(ADDFLOW, SATYPE[to[0]], sa_ext(E_SA, to[1], REPLACEFLOW) + address(E_DST, to[2])
                  + flow_exts(src, dst, **ports))

    def unflow(self, src, dst, **ports):
        self.call(DELFLOW, 0, flow_exts(src, dst, **ports))
