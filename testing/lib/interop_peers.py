# SPDX-License-Identifier: Apache-2.0
"""How the peers on east are told to do something, for interop.py: up, down, rekey and reauth of a
connection, and whether there is one pair of its SAs (True, or what is there instead) or nothing."""
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

    def transport(self):
        """Raises Unable, or None."""


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

    def one_pair(self, conn):
        sas = self.sas(conn)
        return sas == (1, 1) or "%d IKE SAs, %d CHILD SAs" % sas

    def nothing(self, conn):
        sas = self.sas(conn)
        return sas == (0, 0) or "%d IKE SAs, %d CHILD SAs" % sas

    def transport(self):
        if self.on("east", "grep", "-q", "kernel-libipsec", "/run/strongswan.conf")[0] == 0:
            raise Unable("kernel-libipsec has tunnel mode only")


PEERS = {"strongswan": StrongSwan}
