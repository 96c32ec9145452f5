# SPDX-License-Identifier: Apache-2.0
"""What happens to the gateways while the soak runs: one function a fault, picked at random."""
import subprocess
import sys
import time

from gateways import CONNS

# Floods: datagrams as fast as one process can, from a program so small that it is given as text.
FLOOD = """
import os, socket, sys, time
kind, host, seconds, size = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
family = socket.AF_INET6 if ':' in host else socket.AF_INET
if kind == 'esp':
    s = socket.socket(family, socket.SOCK_RAW, 50)
else:
    s = socket.socket(family, socket.SOCK_DGRAM)
s.setblocking(False)
end, n = time.monotonic() + seconds, 0
data = os.urandom(size)
while time.monotonic() < end:
    for _ in range(100):
        try:
            s.sendto(data, (host, 9))
        except OSError:
            pass
"""


class Faults:
    def __init__(self, gateways, wire, rng, say):
        self.gateways, self.wire, self.random, self.say = gateways, wire, rng, say
        self.children = []

    def one(self):
        g = self.random.choice(self.gateways)
        fault = self.random.choice(FAULTS)
        self.say(f"{fault.__name__} {g.name}")
        fault(self, g)

    def end(self):
        """Everything is well again."""
        self.wire.set()
        for child in self.children:
            child.wait()
        self.children = []
        for g in self.gateways:
            if g.pid("pluto") is None:
                g.start()

    # --- the wire --------------------------------------------------------------------------------

    def bad_wire(self, _):
        r = self.random.random
        self.wire.set(loss=0.2 * r(), double=0.1 * r(), late=0.3 * r(), damage=0.1 * r(),
                      replay=r(), forge=r())

    def good_wire(self, _):
        self.wire.set()

    # --- keys and tables -------------------------------------------------------------------------

    def down_up(self, g):
        conn = self.random.choice(CONNS)[0]
        g.ipsec("auto", "--down", conn, check=False)
        time.sleep(self.random.random())
        g.ipsec("auto", "--asynchronous", "--up", conn, check=False)

    def replace(self, g):
        conn = self.random.choice(CONNS)[0]
        g.ipsec("auto", "--replace", conn, check=False)
        g.ipsec("auto", "--asynchronous", "--up", conn, check=False)

    def eroutes(self, g):
        """Shunts for others come and go; their tries share nodes with those of the tunnels."""
        for _ in range(self.random.randrange(1, 15)):
            net = (f"10.{self.random.randrange(1, 4)}.{self.random.randrange(8, 16)}.0/"
                   f"{self.random.choice((24, 28, 32))}")
            word = self.random.choice(("%drop", "%pass", "%reject", "%hold"))
            pair = ["--eraf", "inet", "--src", net, "--dst", "10.9.0.0/16"]
            g.ipsec("eroute", "--add", *pair, "--said", word, check=False)
            g.ipsec("eroute", "--replace", *pair, "--said", "%drop", check=False)
            g.ipsec("eroute", "--del", *pair, check=False)

    def kill_pluto(self, g):
        g.kill_pluto()
        time.sleep(3 * self.random.random())
        g.start()

    # --- interfaces ------------------------------------------------------------------------------

    def flap(self, g):
        g.flap(3 * self.random.random())

    def change_address(self, g):
        g.change_address(3 * self.random.random())

    # --- overload --------------------------------------------------------------------------------

    def flood(self, g, kind, host, size):
        self.children.append(subprocess.Popen(
            ["ip", "netns", "exec", g.name, sys.executable, "-c", FLOOD, kind, host,
             str(1 + 2 * self.random.random()), str(size)], stdin=subprocess.DEVNULL))

    def flood_tunnel(self, g):
        self.flood(g, "udp", self.random.choice(g.flows)[2], self.random.randrange(1, 1400))

    def flood_esp(self, g):
        """Octets that nobody encrypted."""
        self.flood(g, "esp", g.peer, self.random.randrange(8, 1400))


FAULTS = [Faults.bad_wire, Faults.bad_wire, Faults.good_wire, Faults.down_up,
          Faults.down_up, Faults.replace, Faults.eroutes, Faults.eroutes, Faults.kill_pluto,
          Faults.flap, Faults.change_address, Faults.flood_tunnel, Faults.flood_esp]
