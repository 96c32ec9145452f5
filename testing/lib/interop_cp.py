# SPDX-License-Identifier: Apache-2.0
"""The Configuration Payload (RFC 7296 s2.19) for interop.py: one end gives the other one an address,
which is what it is reached by, also after new keys, and which it gets again."""
import re

from interop_hosts import Failed, on, ping, wait

# connection: who asks, the start of the addresses of the pool, whom it pings
ENDS = {"cp": ("west", "10.9.0.", ("sunrise", "192.0.2.1")),
        "lease": ("east", "10.8.0.", ("sunset", "192.0.1.1"))}


def lease_of(host, start):
    found = re.findall(r" (%s\d+)/" % re.escape(start), on(host, "ip", "-o", "address", "show")[1])
    return found[0] if found else ""


def features(grid, conn):
    client, start, (host, behind) = ENDS[conn]
    side = grid.us if client == "west" else grid.them
    had = []

    def pairs():
        return [(client, had[-1], behind), (host, behind, had[-1])]

    def up():
        side.up(conn)
        grid.settled(conn)
        if side is grid.them:
            grid.them.take_lease(conn)
        wait("an address of the pool", lambda: lease_of(client, start) != "")
        had.append(lease_of(client, start))
        ping(pairs())

    def told():
        """Our side of it."""
        if side is grid.us:
            for what in ("INTERNAL_IP4_ADDRESS %s" % had[-1], "name servers 192.0.2.1"):
                if on("west", "grep", "-q", what, "/run/modswan/run/pluto.log")[0]:
                    raise Failed("our log has no " + what)
        elif "%s in use" % had[-1] not in grid.us.ipsec("addresspoolstatus")[1]:
            raise Failed("addresspoolstatus does not have %s in use" % had[-1])

    def first():
        up()
        told()

    def rekeyed():
        grid.them.lease_rekeyed(conn)
        for what in ("child", "ike"):
            grid.rekeyed(conn, what, grid.us, pairs())

    def again():
        grid.clear(conn, side)
        if side is grid.them:
            grid.them.give_lease_back(conn)
        wait("no address of the pool", lambda: lease_of(client, start) == "" or lease_of(client, start))
        up()
        if had[-1] != had[0]:
            raise Failed("%s, and then %s" % tuple(had))

    return [("CP: the initiator is given an address", first), ("CP, rekeyed by us", rekeyed),
            ("CP: the same address again", again)]
