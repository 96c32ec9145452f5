# SPDX-License-Identifier: Apache-2.0
"""How the peers on east are told to do something, for interop.py: up, down, rekey and reauth of a
connection, and sas(): how many IKE and CHILD SAs of it there are."""
import re


class Unable(Exception):
    """What the peer cannot do at all, whoever asks; why."""


class Peer:
    name = "them"

    def __init__(self, on, wait, failed):
        self.on, self.wait, self.failed = on, wait, failed

    def must(self, what, result):
        status, out = result
        if status:
            raise self.failed("%s: %s" % (what, " ".join(out.split("\n")[-4:])))

    def one_pair(self, conn):
        sas = self.sas(conn)
        return sas == (1, 1) or "%d IKE SAs, %d CHILD SAs" % sas

    def nothing(self, conn):
        sas = self.sas(conn)
        return sas == (0, 0) or "%d IKE SAs, %d CHILD SAs" % sas

    def load(self, conn, begins):
        """Before anything is done with it; whether the peer is the initiator."""

    def unload(self, conn):
        """After all."""

    def transport(self):
        """Raises Unable, or None."""

    def renews_moved(self):
        """Whether it makes a CHILD SA anew when addresses change."""
        return False

    def moves(self, initiator, host, name):
        """Before that host moves, the initiator or not: raises Unable, or None, or a function that says
        whether the peer's SAs are at that address."""

    def lease_rekeyed(self, conn):
        """Before a CHILD SA of an address that was given is rekeyed: raises Unable, or None."""

    def take_lease(self, conn):
        """What it did not do with the address that it was given, for want of its updown command."""

    def give_lease_back(self, conn):
        """The same when the tunnel is down."""


class StrongSwan(Peer):
    def swanctl(self, *words):
        return self.on("east", "/run/swanctl", *words, "--uri", "unix:///run/charon.vici",
                       STRONGSWAN_CONF="/run/strongswan.conf",
                       SWANCTL_DIR="/run/modswan/etc/strongswan")

    def up(self, conn):
        self.must("swanctl --initiate", self.swanctl("--initiate", "--child", conn))

    def down(self, conn):
        self.swanctl("--terminate", "--ike", conn)

    def rekey(self, conn, what):
        self.must("swanctl --rekey", self.swanctl("--rekey", "--" + what, conn))

    def reauth(self, conn):
        self.must("swanctl --rekey --reauth", self.swanctl("--rekey", "--ike", conn, "--reauth"))

    def sas(self, conn):
        out = self.swanctl("--list-sas")[1]
        return (len(re.findall(r"^%s: #" % conn, out, re.M)),
                len(re.findall(r"^  %s: #.* (?:INSTALLED|REKEYED|DELETED|REKEYING)" % conn, out, re.M)))

    def moves(self, initiator, host, name):
        return lambda address: "@ %s[" % address in self.swanctl("--list-sas")[1]

    def libipsec(self):
        return self.on("east", "grep", "-q", "kernel-libipsec", "/run/strongswan.conf")[0] == 0

    renews_moved = libipsec

    def transport(self):
        if self.libipsec():
            raise Unable("kernel-libipsec has tunnel mode only")


class Libreswan(Peer):
    def whack(self, *words):
        return self.on("east", "chroot", "/run/peer/root", "/usr/libexec/ipsec/whack", *words)

    # Of connections for the same networks it routes but one, up or not.  MOBIKE it has only where the
    # address of the end that moves is not written down.
    def load(self, conn, begins):
        change = ""
        if conn == "mobike":
            change = "s/left=192.*/left=%defaultroute/" if begins else "s/right=192.*/right=%any/"
        self.must("addconn", self.on("east", "chroot", "/run/peer/root", "sh", "-c",
                                     "sed '%s' /etc/ipsec.conf >/etc/%s.conf && "
                                     "/usr/libexec/ipsec/addconn --config /etc/%s.conf "
                                     "--ctlsocket /run/pluto/pluto.ctl %s" % (change, conn, conn, conn)))

    def moves(self, initiator, host, name):
        if not initiator:
            raise Unable("libreswan knows no move of a responder")
        if host == "east":
            raise Unable("libreswan's answer has no COOKIE2, which proves where it is (RFC 4555 s3.7)")
        if name != "IPv4 to IPv4":
            raise Unable("libreswan stays in one address family")

    def take_lease(self, conn):
        log = self.on("east", "sed", "-n", "s/.*received INTERNAL_IP4_ADDRESS //p",
                      "/run/modswan/libreswan.log")[1].split()
        self.on("east", "ip", "address", "replace", log[-1] + "/32", "dev", "lo")

    def give_lease_back(self, conn):
        self.on("east", "ip", "address", "flush", "dev", "lo", "to", "10.8.0.0/24")

    def unload(self, conn):
        self.whack("--name", conn, "--delete")

    def up(self, conn):
        out = self.whack("--name", conn, "--initiate")[1]
        if "established Child SA" not in out and "established IKE SA" not in out:
            raise self.failed("whack --initiate: " + " ".join(out.split("\n")[-4:]))

    # Several that share an IKE SA leave it there; it goes with the next word.
    def down(self, conn):
        self.whack("--name", conn, "--terminate")
        if conn == "pairs":
            self.wait("no CHILD SA left there", lambda: self.sas("pairs/[12]x[12]")[1] == 0)
            self.whack("--name", conn, "--terminate")

    def rekey(self, conn, what):
        self.whack("--name", conn, "--rekey-" + {"ike": "ike", "child": "ipsec"}[what])

    def sas(self, conn):
        out = self.whack("--showstates")[1]
        return tuple(len(set(re.findall(r'#(\d+): "%s".*STATE_V2_ESTABLISHED_%s_SA' % (conn, kind),
                                        out))) for kind in ("IKE", "CHILD"))


class OpenIked(Peer):
    """Has one key of its own, so it is started anew for each connection, and no command for rekeying."""
    READY = "config_getsocket: received socket fd"

    def there(self, *command):
        return self.on("east", "chroot", "/run/peer/root", *command)

    def times_ready(self):
        """Since the beginning, by its log."""
        return self.on("east", "grep", self.READY, "/run/modswan/iked.log")[1].count(self.READY)

    def start(self, conn, mode):
        self.unload(conn)
        before = self.times_ready()
        self.must("iked", self.there(
            "sh", "-c", "rm -rf /etc/iked && cp -r /run/modswan/etc/openiked/%s /etc/iked && "
            "sed 's/ passive / %s /' /etc/iked/iked.conf >/etc/iked.conf && chmod 600 /etc/iked.conf && "
            "iked -dvv >>/run/modswan/iked.log 2>&1 </dev/null & echo $! >/run/iked.sh.pid"
            % (conn, mode)))
        self.wait("iked answers", lambda: self.there("ikectl", "show", "sa")[0] == 0)
        self.wait("iked listens", lambda: ":500 " in self.on("east", "ss", "-Hlun")[1])
        # Its sockets are there before its policies are: what comes between is left unanswered.
        self.wait("iked has its policies", lambda: self.times_ready() > before)

    def load(self, conn, begins):
        if begins:
            self.unload(conn) # up() starts it
        else:
            self.start(conn, "passive")

    def moves(self, initiator, host, name):
        if host == "east" or not initiator:
            raise Unable("iked follows an initiator that moves, no more")
        raise Unable("iked fails to take its SAs in the kernel along, with PF_KEY")

    def lease_rekeyed(self, conn):
        if conn == "lease":
            raise Unable("iked answers with wider selectors than were offered: those of its file")

    def unload(self, conn):
        self.there("sh", "-c", "kill $(pidof iked) 2>/dev/null")
        self.wait("the end of iked", lambda: self.there("pidof", "iked")[0] != 0)

    def up(self, conn):
        self.start(conn, "active")

    def down(self, conn):
        self.there("ikectl", "reset", "id", "west-" + conn)
        try:
            self.wait("the end of its SAs", lambda: self.nothing(conn), 5)
        except self.failed as e:
            raise Unable("ikectl does not find by its id an IKE SA that we made anew") from e

    def rekey(self, conn, what):
        raise Unable("iked rekeys by lifetimes only")

    def sas(self, conn):
        out = self.there("ikectl", "show", "sa")[1]
        ikes = re.findall(r"^iked_sas: .*west-%s.* ESTABLISHED" % conn, out, re.M)
        return len(ikes), len(re.findall(r"^  sa_childsas: .* in ", out, re.M))


PEERS = {"openiked": OpenIked, "strongswan": StrongSwan, "libreswan": Libreswan}
