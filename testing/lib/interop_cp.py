# SPDX-License-Identifier: Apache-2.0
"""The Configuration Payload (RFC 7296 s2.19) for interop.py: one end gives the other one an address,
which is what it is reached by, also after new keys, and which it gets again."""
import re

from interop_hosts import Failed, on, ping, wait

# who asks, whom it pings; for each family the start of the addresses of the pool, and who is behind
ENDS = {"cp": ("west", "sunrise", {4: ("10.9.0.", "192.0.2.1"), 6: ("2001:db8:9::", "2001:db8:0:2::1")}),
        "lease": ("east", "sunset", {4: ("10.8.0.", "192.0.1.1"),
                                     6: ("2001:db8:8::", "2001:db8:0:1::1")})}
NAMES = {"4": "CP", "6": "CP, IPv6", "46": "CP, both families"}


def lease_of(host, starts):
    """The addresses that it has of these pools, in their order; "" for none."""
    out = on(host, "ip", "-o", "address", "show")[1]
    return [(re.findall(r" (%s[\da-f:]+)/" % re.escape(start), out) + [""])[0] for start in starts]


def features(grid, conn):
    """conn: cp or lease, and 6 or 46 for other families than IPv4."""
    kind = conn.rstrip("46")
    families = conn[len(kind):] or "4"
    client, host, of = ENDS[kind]
    starts = [of[int(f)][0] for f in families]
    behind = [of[int(f)][1] for f in families]
    side = grid.us if client == "west" else grid.them
    had = []

    def pairs():
        return [p for mine, its in zip(had[-1], behind) for p in ((client, mine, its), (host, its, mine))]

    def up():
        side.up(conn)
        grid.settled(conn)
        if side is grid.them:
            grid.them.take_lease(conn)
        wait("an address of the pool", lambda: all(lease_of(client, starts)))
        had.append(lease_of(client, starts))
        ping(pairs())

    def told():
        """Our side of it."""
        if side is grid.us:
            for family, address, server in zip(families, had[-1], behind):
                what = "INTERNAL_IP%s_ADDRESS %s, name servers.* %s" % (family, address, server)
                if on("west", "grep", "-q", what, "/run/modswan/run/pluto.log")[0]:
                    raise Failed("our log has no " + what)
            return
        out = grid.us.ipsec("addresspoolstatus")[1]
        for address in had[-1]:
            if "%s in use" % address not in out:
                raise Failed("addresspoolstatus does not have %s in use" % address)

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
        wait("no address of the pool", lambda: not any(lease_of(client, starts)) or
             " ".join(lease_of(client, starts)))
        up()
        if had[-1] != had[0]:
            raise Failed("%s, and then %s" % tuple(" ".join(h) for h in had))

    name = NAMES[families]
    return [(name + ": the initiator is given an address", first), (name + ", rekeyed by us", rekeyed),
            (name + ": the same address again", again)]
