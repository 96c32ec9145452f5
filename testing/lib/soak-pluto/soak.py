#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""sudo testing/soak --pluto: two whole gateways under every fault that we can think of, for as long as you like.

A minute of faults, then calm: within CALM_SECONDS every flow must move again in both directions,
and the tables must be back at what they were at the start. Every packet that arrives must be one
that was sent. Runs as process 1 of namespaces of its own (testing/soak makes them)."""
import argparse
import json
import os
import random
import subprocess
import sys
import time

from faults import Faults
from gateways import CONNS, Failed, Gateway, HERE

sys.path.insert(1, os.path.dirname(HERE))
import soak_wire  # pylint: disable=wrong-import-position

WORK = "/run/soak"
CALM_SECONDS = 90
CHAOS_SECONDS = 50
# Memory is compared with what it was after the first rounds, when every table had its size.
WARM_ROUNDS = 3
# Each connection has a tun and an esp SA each way, and one eroute.
TABLES = {"sas": 4 * len(CONNS), "eroutes": len(CONNS)}
GROWTH_KB = 4096


class Soak:
    def __init__(self, args):
        self.args = args
        self.random = random.Random(args.seed)
        self.began = time.monotonic()
        self.gateways = [Gateway(n, i, args.stage, WORK) for i, n in enumerate(("left", "right"), 1)]
        self.wire = self.faults = None
        self.highest = {}
        self.rounds = 0
        self.longest_calm = 0.0
        self.history = []

    def say(self, text):
        print(f"{time.monotonic() - self.began:7.1f}  {text}", flush=True)

    # --- beginning and end -----------------------------------------------------------------------

    def start(self):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"], check=True)
        os.makedirs(WORK)
        for g in self.gateways:
            subprocess.run(["ip", "netns", "add", g.name], check=True)
            subprocess.run(["ip", "link", "add", f"to-{g.name}", "type", "veth", "peer", "name",
                            "eth1", "netns", g.name], check=True)
            with open(f"/proc/sys/net/ipv6/conf/to-{g.name}/disable_ipv6", "w",
                      encoding="ascii") as f:
                f.write("1")
            subprocess.run(["ip", "link", "set", f"to-{g.name}", "up"], check=True)
            g.network()
            g.configure()
        self.wire = soak_wire.Wire("to-left", "to-right", self.args.seed)
        for name in self.wire.devices:
            soak_wire.no_offloads(name)
        self.wire.start()
        self.faults = Faults(self.gateways, self.wire, self.random, self.say)
        for g in self.gateways:
            g.start()
        for g in self.gateways:
            g.start_traffic(self.args.seed, self.args.packets, self.args.octets)

    def stop(self):
        """After this nothing may be left of the daemons, and nothing in their tables before."""
        for g in self.gateways:
            g.stop_traffic()
        for g in self.gateways:
            if g.pid("pluto") is not None:
                g.stop()
            for daemon in ("pluto", "klips"):
                if g.pid(daemon) is not None:
                    raise Failed(f"{g.name}: {daemon} runs after setup stop")
        self.wire.process.terminate()

    # --- checks ----------------------------------------------------------------------------------

    def check_contents(self):
        for g in self.gateways:
            if g.traffic.poll() is not None:
                raise Failed(f"{g.name}: the traffic ended ({g.traffic.returncode})")
            _, t = g.flows_seen()
            if t["wrong"]:
                raise Failed(f"{g.name}: {t['wrong']} wrong packets: {t['samples']}")
        if not self.wire.process.is_alive():
            raise Failed("the wire ended")

    def all_move(self, since):
        """The flows that have not moved since then."""
        still = []
        for g, before in zip(self.gateways, since):
            now, _ = g.flows_seen()
            for n, _, _ in g.flows:
                for kind in ("udp", "tcp"):
                    key = (kind, str(n))
                    if now.get(key, 0) <= before.get(key, 0):
                        still.append(f"{g.name} {kind} {n}")
        return still

    def calm(self):
        """Until everything works again; then what it costs."""
        began = time.monotonic()
        since = []
        for g in self.gateways:
            try:
                since.append(g.flows_seen()[0])
            except FileNotFoundError:
                since.append({})
        still = ["all"]
        while still:
            if time.monotonic() - began > CALM_SECONDS:
                raise Failed(f"no packet for {CALM_SECONDS} s of calm: {', '.join(still)}")
            time.sleep(1)
            try:
                still = self.all_move(since)
            except FileNotFoundError:
                continue
        self.longest_calm = max(self.longest_calm, time.monotonic() - began)
        self.check_contents()
        self.check_tables()

    def check_tables(self):
        """SAs of two generations may be there while one replaces the other, but not for long."""
        end = time.monotonic() + CALM_SECONDS
        while True:
            found = {g.name: g.figures() for g in self.gateways}
            late = [f"{n}: {f[k]} {k}, not {want}" for n, f in found.items()
                    for k, want in TABLES.items() if f[k] != want]
            if not late:
                break
            if time.monotonic() > end:
                raise Failed("; ".join(late))
            time.sleep(1)
        self.check_growth(found)

    def check_growth(self, found):
        self.history.append({"seconds": round(time.monotonic() - self.began), **found})
        flat = {f"{n} {k}": v for n, f in found.items() for k, v in f.items()}
        if self.rounds <= WARM_ROUNDS:
            self.highest = {k: max(v, self.highest.get(k, 0)) for k, v in flat.items()}
            return
        for key, v in flat.items():
            room = GROWTH_KB if key.endswith("_data_kb") else 4
            if not key.endswith("_rss_kb") and v > self.highest[key] + room:
                raise Failed(f"{key}: {v}, it was {self.highest[key]} after {WARM_ROUNDS} rounds")

    # --- the whole -------------------------------------------------------------------------------

    def run(self):
        self.start()
        self.calm()
        self.say(f"up: {json.dumps(self.history[-1])}")
        end = time.monotonic() + 60 * self.args.minutes
        while time.monotonic() < end:
            self.rounds += 1
            chaos = time.monotonic() + CHAOS_SECONDS
            while time.monotonic() < min(chaos, end):
                self.faults.one()
                time.sleep(self.random.random() * 3)
            self.faults.end()
            self.calm()
            self.say(f"round {self.rounds}: {json.dumps(self.history[-1])}")

    def summary(self):
        total = {"rounds": self.rounds, "longest_calm": round(self.longest_calm, 1)}
        for g in self.gateways:
            try:
                _, t = g.flows_seen()
                total[g.name] = {k: t[k] for k in ("udp_sent", "udp_back", "tcp_octets", "breaks",
                                                   "wrong")}
            except OSError:
                pass
        total["wire"] = self.wire.figures()
        return total

    def evidence(self):
        """What a person needs who was not there."""
        for g in self.gateways:
            for words in (["status"], ["eroute"], ["spi"], ["tncfg"], ["klipsdebug", "--counters"]):
                print(f"--- {g.name}: ipsec {' '.join(words)}\n{g.ipsec(*words, check=False)}")
            for argv in (["ip", "addr"], ["ip", "route"]):
                print(f"--- {g.name}: {' '.join(argv)}\n{g.run(*argv, check=False)}")
        subprocess.run(["sh", "-c", f"tail -n 40 {WORK}/*/*.log"], check=False)


def main():
    p = argparse.ArgumentParser(prog="testing/soak", description="Two gateways under faults.")
    p.add_argument("--minutes", type=float, default=2, help="how long (2)")
    p.add_argument("--seed", type=int, default=int(time.time()), help="of all random choices")
    p.add_argument("--packets", type=int, default=60, help="datagrams a second and flow (60)")
    p.add_argument("--octets", type=int, default=300000, help="octets a second and stream (300000)")
    p.add_argument("--stage", help=argparse.SUPPRESS)
    args = p.parse_args()
    soak = Soak(args)
    print(f"seed {args.seed}", flush=True)
    status = 0
    try:
        soak.run()
        total = soak.summary()
        soak.stop()
        print(json.dumps(total, indent=1))
    except Failed as e:
        soak.say(f"FAILED: {e}")
        print(json.dumps(soak.summary()))
        soak.evidence()
        status = 1
    print("soak: passed" if status == 0 else f"soak: failed, seed {args.seed}")
    return status


if __name__ == "__main__":
    sys.exit(main())
