#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""soak.py WORLD MINUTES [SEED]: the inside of testing/soak, in the namespace "wire" of a world whose
gateways run klips and nothing else.

Rounds of a minute: traffic goes on all the time; for most of the round things happen to it, at
random: new keys, other eroutes, floods, links down, other addresses, another MTU, devices taken
away, and a bad wire (soak_wire.py). Then all is put right, and within half a minute every flow must
be heard of again. At no time may anything arrive that was not sent, or twice. At the end tables,
descriptors and memory of klips must be as they were. Figures go to WORLD/soak.json; status 1: no."""
import ctypes
import json
import os
import random
import secrets
import socket
import statistics
import subprocess
import sys
import time

import klips
import soak_flows
import soak_wire

QUIET, ROUND = 30, 60  # seconds: to recover; of trouble
HOSTS = {"west": 0, "east": 1}
CLIENTS = ("sunset", "sunrise")
OUTER = {4: (["192.1.2.45", "192.1.2.46"], ["192.1.2.23", "192.1.2.24"]),
         6: (["2001:db8:1:2::45", "2001:db8:1:2::46"], ["2001:db8:1:2::23", "2001:db8:1:2::24"])}
PREFIX = {4: 24, 6: 64}
LANS = {4: ("192.0.1.", "192.0.2."), 6: ("2001:db8:0:1::", "2001:db8:0:2::")}
NETS = {4: ("192.0.1.0/24", "192.0.2.0/24"), 6: ("2001:db8:0:1::/64", "2001:db8:0:2::/64")}
# IKEv2 numbers and octets of keys: encryption with salt, integrity
ESP = [(20, 20, 0, 0), (20, 36, 0, 0), (28, 36, 0, 0), (12, 16, 2, 20), (12, 32, 12, 32),
       (13, 20, 14, 64), (16, 19, 0, 0), (18, 28, 0, 0), (12, 24, 5, 16)]
AH = [(0, 0, 2, 20), (0, 0, 12, 32), (0, 0, 14, 64)]
# outer and inner version, members inside out, in UDP
SHAPES = [(4, 4, ("tun", "esp"), False), (4, 4, ("tun", "comp", "esp"), False),
          (6, 6, ("tun", "esp"), False), (6, 4, ("tun", "esp"), False),
          (4, 6, ("tun", "esp", "ah"), False), (4, 4, ("tun", "esp"), True),
          (6, 4, ("tun", "ah"), False), (4, 4, ("tun", "esp", "tun", "esp"), False)]

libc = ctypes.CDLL(None, use_errno=True)


def namespace(world, host):
    """A function that moves the calling process into the host's network."""
    with open("%s/%s.pid" % (world, host), encoding="ascii") as f:
        path = "/proc/%s/ns/net" % f.read().strip()

    def enter():
        fd = os.open(path, os.O_RDONLY)
        if libc.setns(fd, 0x40000000) != 0:
            raise OSError(ctypes.get_errno(), "setns " + host)
        os.close(fd)
    return enter


class Gateway:
    """klips on west or east, and what the test does to its host."""
    def __init__(self, world, name):
        self.name, self.side, self.world = name, HOSTS[name], world
        with open("%s/%s.pid" % (world, name), encoding="ascii") as f:
            self.init = f.read().strip()
        self.klips = klips.Klips("%s/run/klips.sock" % name)
        with open("%s/run/klips.pid" % name, encoding="ascii") as f:
            inside = f.read().strip()
        found = subprocess.run(["pgrep", "--ns", self.init, "--nslist", "pid", "-x", "klips"],
                               capture_output=True, text=True, check=False).stdout.split()
        if not found:
            raise RuntimeError("no klips on %s (pid %s there)" % (name, inside))
        self.pid = found[0]
        self.rss = []
        # the shadow memory of a sanitizer grows with what was ever used
        with open("/proc/%s/maps" % self.pid, encoding="utf-8") as f:
            self.sanitized = "/libtsan" in (text := f.read()) or "/libasan" in text

    def ip(self, text, check=True):
        done = subprocess.run(["nsenter", "-t", self.init, "-n", "ip", "-batch", "-"], check=False,
                              input=text.encode(), capture_output=True)
        if check and done.returncode:
            raise RuntimeError("%s: %s" % (self.name, done.stderr.decode().strip()))

    def routes(self):
        self.ip("".join("route replace %s dev ipsec0\n" % n for n in (
            NETS[4][1 - self.side], NETS[6][1 - self.side], "10.98.0.0/16")))

    def memory(self):
        """Kilobytes, without what is in large blocks: a worker's packet buffers have a fixed size, and
        their pages come one by one, as ever larger batches happen to come."""
        total, size, named = 0, 0, False
        with open("/proc/%s/smaps" % self.pid, encoding="utf-8") as f:
            for line in f:
                words = line.split()
                if words[0] == "Size:":
                    size = int(words[1])
                elif words[0] == "Rss:" and (named or size < 4096):
                    total += int(words[1])
                elif not words[0].endswith(":"):
                    named = len(words) > 5
        return total

    def descriptors(self):
        return len(os.listdir("/proc/%s/fd" % self.pid))

    def counters(self):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect("%s/run/klips.ctl" % self.name)
            s.sendall(b"counters\n")
            data = b""
            while piece := s.recv(65536):
                data += piece
        rows = (line.split(None, 2) for line in data.decode().splitlines())
        return {r[0]: int(r[1]) for r in rows if len(r) > 1 and r[1] not in ("", "0")}


class Tunnel:
    """One eroute each way and the SAs that it leads to now; those before die a little later."""
    def __init__(self, soak, index, shape):
        self.soak, self.index = soak, index
        self.outer, self.inner, self.members, self.encap = shape
        self.ends = [LANS[self.inner][side] + str(100 + index) for side in (0, 1)]
        self.nets = ["%s/%d" % (a, 32 if self.inner == 4 else 128) for a in self.ends]
        self.current, self.old = [], []  # (gateway, SAID of one of the group)
        self.out = {}

    def group(self, gateway, way, spi, keys):
        """way: 0 from west to east. The outermost SAID."""
        rng = self.soak.rng
        addrs = [self.soak.address(self.outer, side) for side in (0, 1)]
        src, dst = addrs[way], addrs[1 - way]
        nets = self.nets if way == 0 else self.nets[::-1]
        inbound, before, window = gateway.side != way, None, rng.choice((32, 64, 128, 1024, 4096))
        for i, member in enumerate(self.members):
            options = {}
            if member in ("esp", "ah"):
                options = dict(keys[i], window=window)
                if self.encap:
                    options["ports"] = (4500, 4500)
            # a CPI has 16 bits
            number = 256 + spi // 16 % 65000 if member == "comp" else spi + i
            said = gateway.klips.add(member, src, dst, number, inbound,
                                     content=None if before else nets, **options)
            if before:
                gateway.klips.group(before, said)
            else:
                self.current.append((gateway, said))
            before = said
        return before

    def some_keys(self):
        rng, keys = self.soak.rng, {}
        for i, member in enumerate(self.members):
            if member in ("esp", "ah"):
                encr, e_octets, integ, i_octets = rng.choice(ESP if member == "esp" else AH)
                keys[i] = {"encr": encr, "encr_key": rng.randbytes(e_octets), "integ": integ,
                           "integ_key": rng.randbytes(i_octets), "esn": rng.random() < 0.5}
        return keys

    def rekey(self, rough=False):
        """Receivers first, then senders, so that nothing need be lost; rough: the old ones first."""
        self.old += [(time.monotonic() + 3, row) for row in self.current]
        self.current = []
        if rough:
            self.bury(True)
        for way in (0, 1):
            spi, keys = self.soak.next_spi(), self.some_keys()
            sender, receiver = self.soak.gateways[way], self.soak.gateways[1 - way]
            self.group(receiver, way, spi, keys)
            self.out[way] = self.group(sender, way, spi, keys)
            self.route(way)

    def route(self, way, to=None):
        nets = self.nets if way == 0 else self.nets[::-1]
        self.soak.gateways[way].klips.flow(nets[0], nets[1], to or self.out[way])

    def bury(self, everything=False):
        now = time.monotonic()
        for row in list(self.old):
            if everything or row[0] < now:
                row[1][0].klips.delete(row[1][1])
                self.old.remove(row)

    def remove(self):
        for way in (0, 1):
            nets = self.nets if way == 0 else self.nets[::-1]
            self.soak.gateways[way].klips.unflow(*nets)
        self.old += [(0, row) for row in self.current]
        self.current = []
        self.bury(True)


class Soak:
    def __init__(self, world, minutes, seed):
        self.world, self.rng = world, random.Random(seed)
        self.end = time.monotonic() + minutes * 60
        self.figures = {"seed": seed, "minutes": minutes, "rounds": 0, "events": {}, "slowest_s": 0.0}
        self.wrong, self.spi, self.later, self.events = [], 0x1000, [], 0
        self.where = {4: [0, 0], 6: [0, 0]}
        self.gateways = [Gateway(world, name) for name in HOSTS]
        self.enter = [namespace(world, name) for name in CLIENTS]
        self.tunnels = [Tunnel(self, i, shape) for i, shape in enumerate(SHAPES)]
        self.wire = soak_wire.Wire("west.eth1", "east.eth1", seed)
        maker = soak_flows.Maker(secrets.token_bytes(16))
        self.ends = [soak_flows.End([t.ends for t in self.tunnels], way, maker, 20) for way in (0, 1)]

    def next_spi(self):
        self.spi += 16
        return self.spi

    def another(self):
        """A number that no event of the last minutes has."""
        self.events += 1
        return self.events

    def address(self, version, side):
        return OUTER[version][side][self.where[version][side]]

    def in_a_while(self, seconds, what):
        self.later.append((time.monotonic() + seconds, what))

    def say(self, text):
        print("[%s] %s" % (time.strftime("%H:%M:%S"), text), flush=True)

    # --- set-up ------------------------------------------------------------------------------

    def prepare(self):
        for device in ("west.eth1", "east.eth1"):
            subprocess.run(["ip", "link", "set", device, "nomaster"], check=True)
            soak_wire.no_offloads(device)
        for g in self.gateways:
            pid = os.fork()
            if pid == 0:
                namespace(self.world, g.name)()
                soak_wire.no_offloads("eth1")
                for key, value in (("ipv6/conf/eth1/keep_addr_on_down", "1"),
                                   ("ipv4/conf/eth1/promote_secondaries", "1")):
                    with open("/proc/sys/net/" + key, "w", encoding="ascii") as f:
                        f.write(value)
                os._exit(0)
            os.waitpid(pid, 0)
            g.klips.attach("eth1", "ipsec0")
            g.routes()
        for side, host in enumerate(CLIENTS):
            with open("%s/%s.pid" % (self.world, host), encoding="ascii") as f:
                init = f.read().strip()
            text = "".join("addr add %s/%d dev eth0%s\n" % (
                t.ends[side], PREFIX[t.inner], " nodad" if t.inner == 6 else "")
                for t in self.tunnels)
            subprocess.run(["nsenter", "-t", init, "-n", "ip", "-batch", "-"], check=True,
                           input=text.encode())
        self.encap_sockets()

    def encap_sockets(self):
        for g in self.gateways:
            for a in OUTER[4][g.side]:
                ours, theirs = socket.socketpair()
                pid = os.fork()
                if pid == 0:
                    namespace(self.world, g.name)()
                    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                    s.setsockopt(socket.IPPROTO_IP, 15, 1)  # IP_FREEBIND: not there yet
                    s.bind((a, 4500))
                    socket.send_fds(theirs, [b"x"], [s.fileno()])
                    os._exit(0)
                _, fds, _, _ = socket.recv_fds(ours, 1, 1)
                os.waitpid(pid, 0)
                g.klips.encap(a, 4500, fds[0])
                for s in (ours, theirs):
                    s.close()
                os.close(fds[0])

    # --- events ------------------------------------------------------------------------------

    def ev_rekey(self):
        self.rng.choice(self.tunnels).rekey()

    def ev_rekey_rough(self):
        self.rng.choice(self.tunnels).rekey(rough=True)

    def ev_shunt(self):
        t, way = self.rng.choice(self.tunnels), self.rng.randrange(2)
        t.route(way, self.rng.choice(("%drop", "%hold", "%trap", "%drop")))
        self.in_a_while(self.rng.uniform(0.05, 1), lambda: t.route(way))

    def ev_other_eroutes(self):
        g, base = self.rng.choice(self.gateways), self.another() % 90
        nets = [("10.%d.%d.0/24" % (base, i), "10.%d.0.0/16" % (base + 100)) for i in range(100)]
        nets += [("10.%d.%d.7/32" % (base, i), "0.0.0.0/0") for i in range(100)]
        for n in nets:
            g.klips.flow(n[0], n[1], self.rng.choice(("%drop", "%reject", "%trap")))
        self.in_a_while(self.rng.uniform(0.5, 5), lambda: [g.klips.unflow(*n) for n in nets])

    def ev_flood(self):
        t, way = self.rng.choice(self.tunnels), self.rng.randrange(2)
        soak_flows.flood(self.enter[way], t.ends[way], t.ends[1 - way], self.rng.uniform(0.2, 1))

    def ev_hold_flood(self):
        g, part = self.gateways[0], self.another() % 256
        net = "10.98.%d.0/24" % part
        g.klips.flow("0.0.0.0/0", net, "%hold")
        soak_flows.flood(self.enter[0], self.tunnels[0].ends[0], "10.98.%d.9" % part, 0.3)
        self.in_a_while(1.5, lambda: g.klips.unflow("0.0.0.0/0", net))

    def ev_link_down(self):
        g = self.rng.choice(self.gateways)
        g.ip("link set eth1 down\n")
        self.in_a_while(self.rng.uniform(0.2, 3), lambda: g.ip("link set eth1 up\n"))

    def ev_address(self):
        """The gateway goes over to its other address; new keys lead there."""
        version, g = self.rng.choice((4, 6)), self.rng.choice(self.gateways)
        old = self.address(version, g.side)
        self.where[version][g.side] ^= 1
        g.ip("addr add %s/%d dev eth1%s\naddr del %s/%d dev eth1\n" % (
            self.address(version, g.side), PREFIX[version], " nodad" if version == 6 else "", old,
            PREFIX[version]))
        for t in self.tunnels:
            if t.outer == version:
                t.rekey()

    def ev_mtu(self):
        self.mtu(self.rng.choice((1300, 1400, 1480)))
        self.in_a_while(self.rng.uniform(1, 8), lambda: self.mtu(1500))

    def mtu(self, octets):
        for device in ("west.eth1", "east.eth1"):
            subprocess.run(["ip", "link", "set", device, "mtu", str(octets)], check=True)
        for g in self.gateways:
            g.ip("link set eth1 mtu %d\n" % octets)

    def ev_device(self):
        """ipsec0 is taken away and comes again; its routes are ours to set."""
        g = self.rng.choice(self.gateways)
        g.klips.detach("ipsec0")
        g.klips.attach("eth1", "ipsec0")
        g.routes()

    EVENTS = {"rekey": 40, "rekey_rough": 8, "shunt": 12, "other_eroutes": 8, "flood": 2,
              "hold_flood": 1, "link_down": 3, "address": 3, "mtu": 2, "device": 2}

    def happen(self):
        name = self.rng.choices(list(self.EVENTS), self.EVENTS.values())[0]
        self.figures["events"][name] = self.figures["events"].get(name, 0) + 1
        getattr(self, "ev_" + name)()

    def catch_up(self, everything=False):
        now = time.monotonic()
        for row in list(self.later):
            if everything or row[0] <= now:
                self.later.remove(row)
                row[1]()
        for t in self.tunnels:
            t.bury()

    # --- rounds ------------------------------------------------------------------------------

    def sample(self):
        for g in self.gateways:
            g.rss.append(g.memory())

    def trouble(self, seconds):
        r = self.rng
        self.wire.set(loss=r.choice((0, 0.01, 0.05)), double=r.choice((0, 0.02, 0.1)),
                      late=r.choice((0, 0.05, 0.3)), damage=r.choice((0, 0.01, 0.05)),
                      replay=r.choice((0.05, 0.3)), forge=r.choice((0.05, 0.3)))
        end, sampled = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            self.happen()
            pause = time.monotonic() + r.expovariate(2)
            while time.monotonic() < pause:
                self.catch_up()
                time.sleep(0.05)
            if time.monotonic() > sampled + 5:
                sampled = time.monotonic()
                self.sample()

    def put_right(self):
        self.wire.set()
        self.catch_up(True)
        for t in self.tunnels:
            t.rekey()

    def quiet(self):
        """Every flow is heard of again, in both directions and both protocols."""
        start = time.monotonic()
        while True:
            self.catch_up()
            silent = [(t.index, end.way, name) for end in self.ends for t in self.tunnels
                      for name in ("last_udp", "last_tcp")
                      if (name == "last_udp" or t.index % 2 != end.way)
                      and end.get(t.index, name) < start]
            if not silent:
                break
            if time.monotonic() > start + QUIET:
                self.wrong.append("round %d: silent for %d s: %s" % (
                    self.figures["rounds"], QUIET, silent))
                break
            time.sleep(0.1)
        took = time.monotonic() - start
        self.figures["slowest_s"] = max(self.figures["slowest_s"], round(took, 1))
        return took

    def check(self):
        for end in self.ends:
            for t in self.tunnels:
                for name in ("wrong", "again", "tcp_wrong"):
                    n = int(end.get(t.index, name))
                    text = "flow %d at way %d: %s" % (t.index, end.way, name)
                    if n and text not in self.figures.setdefault("seen", {}):
                        self.figures["seen"][text] = n
                        self.wrong.append("%s %d" % (text, n))
        for g in self.gateways:
            if not os.path.exists("/proc/%s/fd" % g.pid):
                raise RuntimeError("klips on %s has ended" % g.name)

    def total(self, name):
        return int(sum(end.get(t.index, name) for end in self.ends for t in self.tunnels))

    def run(self):
        self.prepare()
        base = [(g.klips.counts(), g.descriptors()) for g in self.gateways]
        self.wire.start()
        for t in self.tunnels:
            t.rekey()
        for end in self.ends:
            end.start(self.enter[end.way])
        self.quiet()
        self.say("%d tunnels carry" % len(self.tunnels))
        while time.monotonic() < self.end and len(self.wrong) < 20:
            self.figures["rounds"] += 1
            self.trouble(min(ROUND, max(10, self.end - time.monotonic() - 5)))
            self.put_right()
            took = self.quiet()
            self.sample()
            self.check()
            self.say("round %d: recovered for %.1f s; %d of %d datagrams, %d blocks; RSS %s kB%s" % (
                self.figures["rounds"], took, self.total("received"), self.total("sent"),
                self.total("tcp_blocks"), [g.rss[-1] for g in self.gateways],
                "; WRONG: " + self.wrong[-1] if self.wrong else ""))
        self.finish(base)
        return not self.wrong

    def finish(self, base):
        for end in self.ends:
            end.on.value = 0
        for t in self.tunnels:
            t.remove()
        time.sleep(2)
        for g, before in zip(self.gateways, base):
            after = g.klips.counts(), g.descriptors()
            if after != before:
                self.wrong.append("%s: SAs, eroutes and descriptors were %s, are %s" % (
                    g.name, before, after))
            # the first fifth is for warming up; then memory is flat
            quarter = max(1, len(g.rss) // 5)
            early = statistics.median(g.rss[quarter:2 * quarter] or g.rss)
            late = statistics.median(g.rss[-quarter:])
            self.figures[g.name] = {"rss_early_kb": early, "rss_late_kb": late,
                                    "rss_max_kb": max(g.rss), "descriptors": after[1],
                                    "counters": g.counters()}
            if late > early * 1.05 + 2048 and not g.sanitized:
                self.wrong.append("%s: memory grew from %d to %d kB" % (g.name, early, late))
        self.figures |= {name: self.total(name) for name in soak_flows.STATS[:-2]}
        self.figures |= {"wire": self.wire.figures(), "wrong_list": self.wrong}


def main():
    world, minutes = sys.argv[1], float(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else secrets.randbelow(1 << 31)
    os.chdir(world)
    soak = Soak(world, minutes, seed)
    soak.say("seed %d" % seed)
    try:
        good = soak.run()
    finally:
        with open("soak.json", "w", encoding="utf-8") as f:
            json.dump(soak.figures, f, indent=1)
    for text in soak.wrong:
        print("WRONG: " + text)
    print(json.dumps(soak.figures))
    return 0 if good else 1


sys.exit(main())
