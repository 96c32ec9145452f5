#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""interop.py WORLD IPSEC PEER LABEL [CONN...]: the cells of testing/interop/table.md for the PEER on
east, with ModSwan on west, of these connections. A line on stdout and a row in WORLD/interop.tsv for
each cell; status 1: one failed."""
import re
import subprocess
import sys
import time

import interop_cp
import interop_mobike
import interop_peers
from interop_hosts import CLIENTS, HOSTS, MORE, WORLD, Failed, captured, on, ping, wait

IPSEC, PEER, LABEL = sys.argv[2:5]
CONNS = sys.argv[5:]
ROLES = ("we initiate", "they initiate")


class ModSwan:
    """West."""
    name = "us"

    def ipsec(self, *words):
        return on("west", IPSEC, "--confdir", "/run/modswan/etc", "--rundir", "/run/modswan/run", *words)

    def up(self, conn):
        status, out = self.ipsec("auto", "--up", conn)
        if status:
            raise Failed("ipsec auto --up: " + " ".join(out.split("\n")[-3:]))

    def down(self, conn):
        self.ipsec("auto", "--down", conn)

    def rekey(self, conn, what):
        status, out = self.ipsec("whack", "--name", conn, "--rekey-%s" % what)
        if status:
            raise Failed("ipsec whack --rekey-%s: %s" % (what, out))

    def look(self, conn):
        """Serials: all of its SAs, the newest IKE SA, the newest CHILD SA; 0: none."""
        out = self.ipsec("whack", "--showstates")[1]
        found = [re.findall(r'#(\d+): "%s"(?:\[\d+\] \S+)?:.*%s' % (conn, what), out)
                 for what in ("", "newest ISAKMP;", "newest IPSEC;")]
        return set(found[0]), int(found[1][0]) if found[1] else 0, int(found[2][0]) if found[2] else 0

    def newest(self, conn):
        return self.look(conn)[1:]

    def one_pair(self, conn):
        states = self.look(conn)[0]
        return len(states) == 2 or "%d SAs" % len(states)

    def nothing(self, conn):
        states = self.look(conn)[0]
        return not states or "%d SAs" % len(states)

    def no_eroute(self):
        """SAs go first; an eroute that is left would be in the way of the next connection."""
        left = [line for line in self.ipsec("eroute")[1].split("\n") if " tun" in line]
        return not left or left[0]


class Grid:
    def __init__(self):
        self.us, self.them = ModSwan(), interop_peers.PEERS[PEER](on, wait, Failed)
        self.failed, self.begun = [], time.monotonic()
        self.file = open(WORLD + "/interop.tsv", "a", encoding="utf-8")

    def row(self, credentials, role, feature, result, reason=""):
        reason = " ".join(reason.split())
        line = "%-8s %-6s %-14s %-36s %4ds  %s" % (result, credentials, role, feature,
                                                  time.monotonic() - self.begun, reason)
        print(line, flush=True)
        self.file.write("\t".join((LABEL, credentials, role, feature, result, reason)) + "\n")
        self.file.flush()
        if result == "FAILED":
            self.failed.append(line)

    def side(self, role):
        return self.us if role == ROLES[0] else self.them

    def hosts(self, role):
        """The initiator's and the responder's."""
        return ("west", "east") if role == ROLES[0] else ("east", "west")

    def settled(self, conn):
        wait("one pair of SAs here", lambda: self.us.one_pair(conn))
        wait("one pair of SAs there", lambda: self.them.one_pair(conn))

    def clear(self, conn, initiator=None):
        (initiator or self.us).down(conn)
        wait("nothing left here", lambda: self.us.nothing(conn))
        wait("no eroute left here", self.us.no_eroute)
        wait("nothing left there", lambda: self.them.nothing(conn))

    def bring_up(self, conn, role, pairs):
        self.side(role).up(conn)
        self.settled(conn)
        ping(pairs)

    def rekeyed(self, conn, what, side, pairs):
        """New keys at the word of that side, and the old SAs go."""
        before, after = self.us.newest(conn), []
        side.rekey(conn, what)
        place = 1 if what == "child" else 0

        def anew():
            states, *after[:] = self.us.look(conn)
            return len(states) == 2 and after[place] not in (0, before[place]) or \
                "%d SAs, newest #%d, #%d" % (len(states), *after)
        wait("new SA, and the old one gone", anew)
        wait("one pair of SAs there", lambda: self.them.one_pair(conn))
        if what == "child" and after[0] != before[0]:
            raise Failed("the IKE SA is another one, too: #%d, #%d" % (before[0], after[0]))
        if what == "ike" and after[1] != before[1]:
            raise Failed("the CHILD SA is another one, too: #%d, #%d" % (before[1], after[1]))
        ping(pairs)

    def reauthenticated(self, conn, side, pairs):
        before = self.us.newest(conn)
        side.reauth(conn) if side is self.them else side.rekey(conn, "ike")
        wait("new SAs", lambda: all(a not in (0, b) for a, b in zip(self.us.newest(conn), before)))
        self.settled(conn)
        ping(pairs)

    def cells(self, conn, credentials, role, features):
        """features: (name, what to do) in their order; all fail when the first one does."""
        lost = ""
        for feature, action in features:
            try:
                if lost:
                    raise Failed(lost)
                action()
                self.row(credentials, role, feature, "passed")
            except interop_peers.Unable as e:
                self.row(credentials, role, feature, "no", str(e))
            except Failed as e:
                self.row(credentials, role, feature, "FAILED", str(e))
                lost = lost or ("no tunnel" if feature is features[0][0] else "")
        # Who initiated goes first: libreswan begins again when its peer ends what it wants up, and
        # an attempt that is cut off then would leave SAs here.
        for side in sorted((self.us, self.them), key=lambda s: s is not self.side(role)):
            if lost or side.nothing(conn) is not True:
                try:
                    side.down(conn)
                except interop_peers.Unable:
                    pass

    def life(self, conn, credentials, role):
        """The whole life of a tunnel."""
        steps = [("tunnel and traffic", lambda: self.bring_up(conn, role, CLIENTS))]
        for what, name in (("child", "CHILD SA"), ("ike", "IKE SA")):
            for side in (self.us, self.them):
                steps.append(("%s rekeyed by %s" % (name, side.name), lambda w=what, s=side:
                              self.rekeyed(conn, w, s, CLIENTS)))
        steps.append(("deleted by the initiator", lambda: self.clear(conn, self.side(role))))
        self.cells(conn, credentials, role, steps)

    def large(self, conn, role):
        """Up, and the wire had fragments of both (next payload 53, RFC 7383)."""
        def fragments(source):
            return captured("src host %s and ((udp port 500 and udp[24] = 53) or (udp port 4500 and "
                            "udp[8:4] = 0 and udp[28] = 53))" % source)
        before = [fragments(pair[1]) for pair in HOSTS]
        self.bring_up(conn, role, CLIENTS)
        for pair, number in zip(HOSTS, before):
            if fragments(pair[1]) < number + 2:
                raise Failed("no fragments of %s" % pair[0])

    def several(self, role):
        self.cells("several", "PSK", role, [
            ("several selectors", lambda: self.bring_up("several", role, MORE)),
            ("several selectors, rekeyed", lambda: self.rekeyed("several", "child", self.side(role),
                                                                MORE))])

    def pairs(self, role):
        """leftsubnets= at both ends: an IKE SA, and a CHILD SA for each of four pairs."""
        every = "pairs/[12]x[12]"

        def up():
            self.side(role).up("pairs")
            wait("five SAs here", lambda: len(self.us.look(every)[0]) == 5 or str(self.us.look(every)))
            wait("five SAs there", lambda: self.them.sas(every) == (1, 4) or str(self.them.sas(every)))
            ping(MORE)

        def down():
            self.side(role).down("pairs")
            wait("nothing left here", lambda: self.us.nothing(every))
            wait("nothing left there", lambda: self.them.nothing(every))
        self.cells("pairs", "PSK", role, [
            ("pairs of networks, four CHILD SAs", up), ("pairs of networks, down", down)])

    def fragments(self, role):
        self.cells("fragments", "RSA", role, [
            ("IKE fragmentation", lambda: self.large("fragments", role))])

    def transport(self, role):
        self.cells("transport", "PSK", role, [
            ("transport mode", lambda: self.them.transport() or
             self.bring_up("transport", role, HOSTS)),
            ("transport mode, rekeyed", lambda: self.them.transport() or
             self.rekeyed("transport", "child", self.side(role), HOSTS))])

    def reauth(self, role):
        def whole():
            self.bring_up("reauth", role, CLIENTS)
            self.reauthenticated("reauth", self.side(role), CLIENTS)
        self.cells("reauth", "PSK", role, [("reauthentication", whole)])

    def nat(self, role):
        """West's packets come from another address on their way; only we can begin."""
        if role != ROLES[0]:
            return
        for line in ("qdisc add dev west.eth1 clsact",
                     "filter add dev west.eth1 ingress matchall action nat egress 192.1.2.45/32 192.1.2.200",
                     "filter add dev west.eth1 egress matchall action nat ingress 192.1.2.200/32 192.1.2.45"):
            subprocess.run(["tc"] + line.split(), check=True)
        mac = on("west", "cat", "/sys/class/net/eth1/address")[1].strip()
        on("east", "ip", "neigh", "replace", "192.1.2.200", "lladdr", mac, "dev", "eth1")
        pairs = [HOSTS[0], ("east", "192.1.2.23", "192.1.2.200")]
        self.cells("nat", "PSK", role, [
            ("transport mode behind a NAT", lambda: self.bring_up("nat", role, pairs)),
            ("transport mode behind a NAT, rekeyed by us", lambda: self.rekeyed(
                "nat", "child", self.us, pairs)),
            ("transport mode behind a NAT, rekeyed by them", lambda: self.rekeyed(
                "nat", "child", self.them, pairs))])
        subprocess.run(["tc", "qdisc", "del", "dev", "west.eth1", "clsact"], check=True)

    def null(self, role):
        self.cells("null", "NULL", role, [
            ("tunnel and traffic", lambda: self.bring_up("null", role, CLIENTS)),
            ("deleted by the initiator", lambda: self.clear("null", self.side(role)))])

    def alive(self, role):
        """Both ask every second whether the other one is there; nothing happens but that."""
        def asks(source):
            return captured("src host %s and ((udp port 500 and udp[26] = 37) or (udp port 4500 and "
                            "udp[8:4] = 0 and udp[30] = 37))" % source)

        def whole():
            self.bring_up("alive", role, CLIENTS)
            sas, before = self.us.newest("alive"), [asks(pair[1]) for pair in HOSTS]
            wait("liveness checks and answers", lambda: all(
                asks(pair[1]) >= n + 4 for pair, n in zip(HOSTS, before)))
            if self.us.newest("alive") != sas:
                raise Failed("other SAs than before")
            ping(CLIENTS)
        self.cells("alive", "PSK", role, [("liveness", whole)])

    def mobike(self, role):
        self.cells("mobike", "PSK", role, interop_mobike.features(self, role))
        interop_mobike.at_home(*self.hosts(role))

    def leases(self, conn, role):
        """They hand out addresses, or we do."""
        if role == ROLES[conn.startswith("lease")]:
            self.cells(conn, "PSK", role, interop_cp.features(self, conn))

    def run(self):
        lives = {"psk": "PSK", "rsa": "RSA", "ecdsa": "ECDSA"}
        for conn in CONNS:
            for role in ROLES:
                self.them.load(conn, role == ROLES[1])
                if conn in lives:
                    self.life(conn, lives[conn], role)
                elif conn.rstrip("46") in interop_cp.ENDS:
                    self.leases(conn, role)
                else:
                    getattr(self, conn)(role)
                self.them.unload(conn)
        # once more, where a log that shows only its end has them
        print("\n".join(self.failed + ["%d failed" % len(self.failed)]))
        return 1 if self.failed else 0


sys.exit(Grid().run())
