# SPDX-License-Identifier: Apache-2.0
"""MOBIKE (RFC 4555) for interop.py: each end in turn loses the address that its tunnel uses and has
another one, of the same family or of the other; the IKE SA stays, and pings go on both ways."""
import re

from interop_hosts import CLIENTS, Failed, on, ping, wait

# of eth1: the ones that the host has, and others
ADDRESSES = {"west": ("192.1.2.45/24", "2001:db8:1:2::45/64", "192.1.2.46/24", "2001:db8:1:2::46/64"),
             "east": ("192.1.2.23/24", "2001:db8:1:2::23/64", "192.1.2.24/24", "2001:db8:1:2::24/64")}
V4, V6, OTHER_V4, OTHER_V6 = range(4)
# In this order: name, what there is then, and which of them the tunnel goes over.
MOVES = (("IPv4 to IPv4", (OTHER_V4,), OTHER_V4), ("IPv4 to IPv6", (V6,), V6),
         ("IPv6 to IPv6", (OTHER_V6,), OTHER_V6), ("IPv6 to IPv4", (V4,), V4))
BEHIND = {"west": "192.0.2.0/24", "east": "192.0.1.0/24"}


def have(host, which):
    """The new addresses come before the old ones go."""
    lines, there = [], on(host, "ip", "-o", "address", "show", "dev", "eth1")[1]
    for i, address in enumerate(ADDRESSES[host]):
        if i in which and " %s " % address not in there:
            lines.append("ip address add %s dev eth1%s" % (address, " nodad" if ":" in address else ""))
    for i, address in enumerate(ADDRESSES[host]):
        if i not in which and " %s " % address in there:
            lines.append("ip address del %s dev eth1" % address)
    # with its last IPv4 address a device loses its IPv4 routes, which packets into the tunnel need
    if host == "east":
        lines.append("ip route replace %s dev eth1" % BEHIND[host])
    if V4 in which:
        lines.append("ip route replace default via 192.1.2.254")
    status, out = on(host, "sh", "-ec", "sysctl -qw net.ipv4.conf.all.promote_secondaries=1\n"
                     + "\n".join(lines))
    if status:
        raise Failed("other addresses for %s: %s" % (host, out))


def at_home(*hosts):
    for host in hosts:
        have(host, (V4, V6))


def ends(grid):
    """The addresses of our newest CHILD SA."""
    child = grid.us.newest("mobike")[1]
    found = re.findall(r'#%d: "mobike" esp[.:]\w+@(\S+) esp[.:]\w+@(\S+)' % child,
                       grid.us.ipsec("whack", "--showstates")[1])
    return found[0] if child and found else ("none",)


def move(grid, role, host, name, which, used):
    peer = grid.them.moves(host == grid.hosts(role)[0], host, name)
    before, address = grid.us.newest("mobike"), ADDRESSES[host][used].split("/")[0]
    have(host, which)
    wait("SAs at %s" % address, lambda: address in ends(grid) or " and ".join(ends(grid)))
    if peer:
        wait("SAs at %s there" % address, lambda: peer(address))
    # a packet may come before the other end moved
    for host_, source, target in CLIENTS:
        wait("ping %s" % target, lambda h=host_, s=source, t=target: on(
            h, "ping", "-n", "-q", "-c", "1", "-W", "1", "-I", s, t)[0] == 0)
    ping(CLIENTS)
    after = grid.us.newest("mobike")
    if after[0] != before[0]:
        raise Failed("the IKE SA is another one: #%d, #%d" % (before[0], after[0]))
    if after[1] != before[1] and not grid.them.renews_moved():
        raise Failed("the CHILD SA is another one: #%d, #%d" % (before[1], after[1]))


def features(grid, role):
    cells = [("MOBIKE, tunnel and traffic", lambda: grid.bring_up("mobike", role, CLIENTS))]

    def one(host, name, which, used):
        try:
            move(grid, role, host, name, which, used)
        finally:
            if used == V4:
                at_home(host)

    for who, host in zip(("initiator", "responder"), grid.hosts(role)):
        for name, which, used in MOVES:
            cells.append(("MOBIKE, %s moves, %s" % (who, name),
                          lambda h=host, n=name, w=which, u=used: one(h, n, w, u)))
    def rekeyed():
        home = tuple(ADDRESSES[host][V4].split("/")[0] for host in ("east", "west"))
        wait("SAs at home", lambda: ends(grid) == home or " and ".join(ends(grid)))
        ping(CLIENTS)
        for what in ("ike", "child"):
            for side in (grid.us, grid.them):
                grid.rekeyed("mobike", what, side, CLIENTS)

    cells.append(("MOBIKE, then rekeyed by both", rekeyed))
    return cells
