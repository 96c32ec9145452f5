# SPDX-License-Identifier: Apache-2.0
"""testing/bench/handshake --matrix: what a handshake costs by how it is authenticated, by its group,
by connections loaded and by SAs held; and what else grows with those."""
import json
import os
import time

import matrix_chart
import responders
from figures import exact_cpu_seconds, number, resident_octets, settle
from responders import AUTHS, GROUPS, Case, Failed

CONNS = [1, 1000, 50000]
HELD = [0, 20000, 100000]


def cases(args):
    """One figure is varied at a time; authentication and group all with all."""
    if args.quick:
        return [Case(), Case(auth="ecdsa", group="ecp256"), Case(conns=1000), Case(held=2000)]
    found = [Case(auth=a, group=g) for a in AUTHS for g in GROUPS]
    found += [Case(conns=n) for n in CONNS[1:]]
    return found + [Case(held=n) for n in HELD[1:]]


def start(args, kind, case, keys, folder):
    """The responder, and how long it took until all connections were loaded."""
    os.makedirs(folder)
    r = kind(args.stage, folder)
    r.case, r.keys = case, keys
    began = time.monotonic()
    try:
        r.start()
        if hasattr(r, "load"):
            r.load()  # it answers when it has read everything
    except (Failed, OSError):
        r.stop()
        raise
    return r, time.monotonic() - began


def hold(args, r, case, keys, load, figures):
    """The SAs that are there before anything is measured."""
    pids = r.pids()
    before = {n: resident_octets(p) for n, p in pids.items()}
    report = load(args, 1000001, case.held, case, keys)
    if report["completed"] < case.held:
        raise Failed(f"only {report['completed']} of {case.held} SAs came up: {report['says']}")
    settle(pids.values())
    for name, pid in pids.items():
        figures[f"octets_per_pair_{name}"] = (resident_octets(pid) - before[name]) / case.held
    figures["octets_per_pair"] = sum(v for k, v in figures.items()
                                     if k.startswith("octets_per_pair_"))
    figures["holding_per_second"] = case.held / report["seconds"]


def status_seconds(r):
    if not hasattr(r, "ipsec"):
        return None
    began = time.monotonic()
    r.ipsec("status")
    return time.monotonic() - began


def measure(args, kind, case, keys, load, turn):
    folder = f"/run/bench/matrix-{kind.key}-{str(case).replace('/', '-')}-{turn}"
    r, loading = start(args, kind, case, keys, folder)
    figures = {"responder": kind.key, "case": str(case), "auth": case.auth, "group": case.group,
               "conns": case.conns, "held": case.held, "load_seconds": loading}
    try:
        load(args, 1, 2 * args.window, case, keys)
        if case.held:
            hold(args, r, case, keys, load, figures)
        settle(r.pids().values())
        cpu = {n: exact_cpu_seconds(p) for n, p in r.pids().items()}
        jobs = r.load()["job_us"] if hasattr(r, "load") else None
        report = load(args, 1 + 2 * args.window, args.n[0], case, keys)
        settle(r.pids().values())
        done = report["completed"]
        if not done:
            raise Failed(f"{r.title}: no handshake came up: {report['says']}")
        total = sum(exact_cpu_seconds(p) - cpu[n] for n, p in r.pids().items()) * 1e6 / done
        figures.update({"title": r.title, "completed": done, "failed": report["failed"],
                        "handshakes_per_second": done / report["seconds"], "cpu_us": total,
                        "latency_p50_us": report["latency_p50_us"],
                        "latency_p99_us": report["latency_p99_us"]})
        if jobs is not None:
            after = r.load()
            figures["public_key_us"] = (after["job_us"] - jobs) / done
            figures["rest_us"] = total - figures["public_key_us"]
            figures["stall_p99_us"], figures["stall_longest_us"] = \
                after["p99_us"], after["longest_us"]
        figures["status_seconds"] = status_seconds(r)
    finally:
        r.stop()
    return figures


COLUMNS = [("responder", "responder"), ("case", "auth/group/conns/held"),
           ("handshakes_per_second", "per s"), ("cpu_us", "CPU us"),
           ("public_key_us", "key us"), ("rest_us", "rest us"), ("latency_p50_us", "p50 us"),
           ("latency_p99_us", "p99 us"), ("stall_p99_us", "stall p99"),
           ("octets_per_pair", "octets"), ("load_seconds", "load s"), ("status_seconds", "status s")]


def table(rows):
    lines = [[head for _, head in COLUMNS]]
    for row in rows:
        lines.append([v if isinstance(v, str) else number(v)
                      for v in (row.get(key) for key, _ in COLUMNS)])
    widths = [max(len(line[i]) for line in lines) for i in range(len(COLUMNS))]
    return "\n".join("  ".join(w.ljust(widths[i]) if i < 2 else w.rjust(widths[i])
                               for i, w in enumerate(line)).rstrip() for line in lines)


def wanted_for(case, kinds):
    """charon: with keys it would need certificates, and its lists make the large cases hours."""
    for kind in kinds:
        if kind is responders.Charon and (case.auth != "psk" or case.conns > 1 or case.held):
            continue
        yield kind


def run(args, kinds, load, note):
    keys, rows, bad = responders.make_keys("/run/bench"), [], 0
    for turn, case in enumerate(cases(args)):
        for kind in wanted_for(case, kinds):
            try:
                rows.append(measure(args, kind, case, keys, load, turn))
                note(args, "    " + ", ".join(f"{k} {v if isinstance(v, str) else number(v)}"
                                              for k, v in rows[-1].items() if v is not None))
            except (Failed, OSError) as e:
                note(args, f"handshake: {kind.key}: {case}: {e}")
                bad += 1
    os.makedirs(args.matrix, exist_ok=True)
    with open(f"{args.matrix}/handshake.json", "w", encoding="ascii") as f:
        json.dump(rows, f, indent=1)
    try:
        matrix_chart.draw(f"{args.matrix}/handshake.png", rows)
    except ImportError:
        note(args, "no picture: python3-matplotlib is not there")
    print(table(rows))
    return 1 if bad or any(r["failed"] for r in rows if r["responder"] != "charon") else 0
