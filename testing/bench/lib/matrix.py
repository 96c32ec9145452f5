# SPDX-License-Identifier: Apache-2.0
"""testing/bench/handshake --matrix: what a handshake costs by how it is authenticated, by its group,
by connections loaded and by SAs held; and what else grows with those."""
import json
import os
import time

import matrix_chart
import matrix_table
from charon import Charon
from credentials import Credentials
from figures import exact_cpu_seconds, median, number, resident_octets, settle
from responders import AUTHS, GROUPS, RAW_AUTHS, Case, Failed

CONNS = [1, 1000, 50000]
HELD = [0, 20000, 100000]
HELD_FIRST = 1000001  # numbers of the peers whose SAs are held
CHARON_CONNS = 1000   # with more its lists make a case last as long as it may
ENOUGH_FOR_MEMORY = 1000


def cases(args):
    """One figure is varied at a time; authentication and group all with all."""
    if args.quick:
        return [Case(), Case(auth="rsa"), Case(auth="ecdsa", group="ecp256"),
                Case(auth="ecdsa-raw", group="ecp256"), Case(conns=1000), Case(held=2000)]
    found = [Case(auth=a, group=g) for a in AUTHS for g in GROUPS]
    found += [Case(auth=a) for a in RAW_AUTHS]
    found += [Case(conns=n) for n in CONNS[1:]]
    return found + [Case(held=n) for n in HELD[1:]]


def wanted_for(case, kinds, turn):
    for kind in kinds:
        if kind is Charon and (case.auth in RAW_AUTHS or (turn > 0 and case.conns > CHARON_CONNS)):
            continue
        yield kind


def start(args, kind, case, keys, folder):
    """The responder, and how long it took until all connections were loaded."""
    os.makedirs(folder)
    r = kind(args.stage, folder)
    r.case, r.keys, r.limit = case, keys, args.limit
    r.configure()
    began = time.monotonic()
    try:
        r.start()
        if hasattr(r, "load"):
            r.load()  # it answers when it has read everything
    except (Failed, OSError):
        r.stop()
        raise
    return r, time.monotonic() - began


def resident(r):
    return {name: resident_octets(pid) for name, pid in r.pids().items()}


def grown(r, before, count, figures):
    """Octets for each of `count` pairs that came up since."""
    parts = {n: (size - before[n]) / count for n, size in resident(r).items()}
    figures.update({f"octets_per_pair_{n}": v for n, v in parts.items() if len(parts) > 1})
    figures["octets_per_pair"] = sum(parts.values())


class Measuring:
    """One responder of one case."""

    def __init__(self, args, r, case, keys, load):
        self.args, self.r, self.case, self.keys, self.load = args, r, case, keys, load
        self.established = 0
        self.reached = []  # where the time was over before all was done

    def short_of(self, got, want, what):
        """Ours has to do all; of charon it is said what it did."""
        text = f"{got:,} of {want:,} {what} after {self.args.limit} s"
        if self.r.key != Charon.key:
            raise Failed(f"{self.r.title}: {text}")
        self.reached.append(text)

    def bring_up(self, first, count):
        """The load tool's report."""
        report = self.load(self.args, first, count, self.case, self.keys)
        self.established += report["completed"]
        settle(self.r.pids().values())
        return report

    def job_us(self):
        return self.r.load()["job_us"] if hasattr(self.r, "load") else None

    def burst(self, first):
        """What args.n[0] handshakes cost."""
        jobs = self.job_us()  # first: the answer's own cost is not a handshake's
        cpu = {n: exact_cpu_seconds(p) for n, p in self.r.pids().items()}
        report = self.bring_up(first, self.args.n[0])
        done = report["completed"]
        if not done:
            raise Failed(f"{self.r.title}: no handshake came up: {report['says']}")
        total = sum(exact_cpu_seconds(p) - cpu[n] for n, p in self.r.pids().items()) * 1e6 / done
        found = {"completed": done, "failed": report["failed"], "cpu_us": total,
                 "handshakes_per_second": done / report["seconds"],
                 "latency_p50_us": report["latency_p50_us"],
                 "latency_p99_us": report["latency_p99_us"]}
        if jobs is not None:
            found["public_key_us"] = (self.job_us() - jobs) / done
            found["rest_us"] = total - found["public_key_us"]
        return found

    def hold(self, figures):
        """The SAs that are there before anything is measured; what handshakes cost without them."""
        before = resident(self.r)
        report = self.bring_up(HELD_FIRST, self.case.held)
        done = report["completed"]
        if done < self.case.held:
            self.short_of(done, self.case.held, "SAs")
        grown(self.r, before, max(done, 1), figures)
        figures["holding_per_second"] = done / report["seconds"]

    def status(self):
        began = time.monotonic()
        self.r.status()
        return time.monotonic() - began

    def run(self, figures):
        first, n = 1 + 2 * self.args.window, self.args.n[0]
        if self.r.loaded is not None:
            self.short_of(self.r.loaded, self.case.conns, "connections")
        if self.r.loaded == 0:
            return  # nothing can be asked of it
        self.bring_up(1, first - 1)
        if self.case.held:
            figures["cpu_us_before"] = self.burst(first)["cpu_us"]
            self.hold(figures)
            first += n
        before = resident(self.r)
        figures.update(self.burst(first))
        if not self.case.held and figures["completed"] >= ENOUGH_FOR_MEMORY:
            grown(self.r, before, figures["completed"], figures)
        if hasattr(self.r, "load"):
            turns = self.r.load()
            figures["stall_p99_us"], figures["stall_longest_us"] = \
                turns["p99_us"], turns["longest_us"]
        figures["status_seconds"] = self.status()
        held = self.r.established()
        if min(held) < self.established:
            raise Failed(f"{self.r.title}: {self.established} handshakes, but it holds {held[0]} "
                         f"IKE SAs and {held[1]} CHILD SAs")

    def run_and_say(self, figures):
        """What it had reached stands in the row; its rates are of that."""
        figures["title"], figures["failed"] = self.r.title, 0
        self.run(figures)
        if self.reached:
            figures["reached"] = "; ".join(self.reached)


def measure(args, kind, case, keys, load, turn):
    folder = f"/run/bench/matrix-{kind.key}-{str(case).replace('/', '-')}-{turn}"
    r, loading = start(args, kind, case, keys, folder)
    figures = {"responder": kind.key, "case": str(case), "auth": case.auth, "group": case.group,
               "conns": case.conns, "held": case.held, "load_seconds": loading}
    try:
        Measuring(args, r, case, keys, load).run_and_say(figures)
    finally:
        r.stop()
    return figures


def together(runs):
    """The medians of several runs of one case."""
    row = dict(runs[0])
    for key in row:
        if isinstance(row[key], float) or key.endswith("_us"):
            row[key] = median([r.get(key) for r in runs])
    row["failed"] = sum(r["failed"] for r in runs)
    row["runs"] = len(runs)
    return row


def compare(rows):
    """Ours with charon's of the same case. What charon's public-key work takes is not known: ours is
    taken for it, as both do it with libcrypto."""
    theirs = {r["case"]: r for r in rows if r["responder"] == Charon.key}
    for row in rows:
        if row["responder"] == Charon.key:
            continue
        row["cpu_per_key_work"] = row["cpu_us"] / row["public_key_us"]
        peer = theirs.get(row["case"])
        if peer is None or "cpu_us" not in peer:
            continue
        row["ratio_per_second"] = row["handshakes_per_second"] / peer["handshakes_per_second"]
        row["ratio_cpu"] = peer["cpu_us"] / row["cpu_us"]
        row["ratio_rest"] = (peer["cpu_us"] - row["public_key_us"]) / row["rest_us"]


def run(args, kinds, load, note):
    keys, found, bad, began = Credentials("/run/bench"), {}, 0, time.monotonic()
    for turn in range(args.repeat):
        for case in cases(args):
            if turn > 0 and case.held:  # it compares within itself
                continue
            for kind in wanted_for(case, kinds, turn):
                try:
                    row = measure(args, kind, case, keys, load, turn)
                    found.setdefault((str(case), kind.key), []).append(row)
                    note(args, f"{time.monotonic() - began:6.0f} s: " + ", ".join(
                        f"{k} {v if isinstance(v, str) else number(v)}"
                        for k, v in row.items() if v is not None))
                except (Failed, OSError) as e:
                    note(args, f"handshake: {kind.key}: {case}: {e}")
                    bad += 1
    rows = [together(runs) for runs in found.values()]
    compare(rows)
    os.makedirs(args.matrix, exist_ok=True)
    with open(f"{args.matrix}/handshake.json", "w", encoding="ascii") as f:
        json.dump(rows, f, indent=1)
    try:
        matrix_chart.draw(f"{args.matrix}/handshake.png", rows)
    except ImportError:
        note(args, "no picture: python3-matplotlib is not there")
    print(matrix_table.table(rows))
    print(matrix_table.shortfalls(rows), end="")
    print("\n" + matrix_table.aims(rows))
    return 1 if bad or any(r["failed"] for r in rows if r["responder"] != Charon.key) else 0
