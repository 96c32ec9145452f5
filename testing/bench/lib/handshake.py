#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""sudo testing/bench/handshake: IKEv2 handshakes against our pluto and strongSwan's charon.

Runs as process 1 of namespaces of its own (testing/bench/handshake makes them): initiator and
responder are two network namespaces with a pair of veth between them and nothing else."""
import argparse
import json
import os
import subprocess
import sys

import matrix
import responders
from charon import Charon
from figures import Row, median, number, settle, table
from responders import Failed

WORK = "/run/bench"
ENOUGH_FOR_MEMORY = 1000  # fewer fit into what a process has at hand, and nothing grows

NET = f"""netns add initiator
netns add responder
link add veth0 netns initiator type veth peer name veth0 netns responder
-n initiator addr add {responders.INITIATOR}/24 dev veth0
-n responder addr add {responders.ADDR}/24 dev veth0
-n responder addr add {responders.INNER_HOST}/32 dev lo
""".splitlines()


def note(args, text):
    if not args.json:
        print(text, file=sys.stderr, flush=True)


def make_network():
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"], check=True)
    os.makedirs(WORK)
    for line in NET:
        subprocess.run(["ip", *line.split()], check=True)
    for name in ("initiator", "responder"):
        subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
        subprocess.run(["ip", "-n", name, "link", "set", "veth0", "up"], check=True)


def credentials(case, keys):
    if case.auth == "psk":
        return ["--psk", responders.PSK]
    return keys.for_load(case)


def load(args, first, count, case=None, keys=None):
    """One run of the load tool: its report."""
    case = case or responders.Case()
    argv = ["ip", "netns", "exec", "initiator", args.ikeload, "--local", responders.INITIATOR,
            "--peer", responders.ADDR, *credentials(case, keys), "--peer-id", "@responder",
            "--ike", f"aes_gcm128-sha2_256-{case.group}",
            "--peer-net", responders.INNER_OURS, "--net", "10.0.0.0",
            "--plugin-dir", f"{args.stage}/lib/modswan/plugins",
            "--first", str(first), "--count", str(count), "--window", str(args.window),
            "--limit", str(args.limit)]
    done = subprocess.run(argv, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    if not done.stdout:
        raise Failed(f"the load tool failed ({done.returncode}): {done.stderr}")
    report = json.loads(done.stdout)
    report["says"] = done.stderr.strip()
    return report


def measure(args, kind, n, turn):
    """One responder, from start to stop: its figures."""
    folder = f"{WORK}/{kind.key}-{n}-{turn}"
    os.makedirs(folder)
    r = kind(args.stage, folder)
    r.configure()
    try:
        r.start()
        # what every process sets up once is not a handshake's cost
        warm = load(args, 1, 2 * args.window)
        settle(r.pids().values())
        before = r.usage()
        report = load(args, 1 + 2 * args.window, n)
        settle(r.pids().values())
        after = r.usage()
        held = r.established()
    finally:
        r.stop()
    done = report["completed"]
    expected = warm["completed"] + done
    if done == 0 or min(held) < expected:
        raise Failed(f"{r.title}: {expected} handshakes, but it holds {held[0]} IKE SAs and "
                     f"{held[1]} CHILD SAs; {report['says'] or 'no error'}")
    figures = {"title": r.title, "handshakes_per_second": done / report["seconds"],
               "failures": report["failed"], "retransmissions": report["retransmissions"],
               "latency_p50": report["latency_p50_us"], "latency_p99": report["latency_p99_us"],
               "initiator_cpu": report["cpu_seconds"] * 1e6 / done, "says": report["says"]}
    for i, name in enumerate(("cpu_per_handshake", "memory_per_pair")):
        if i == 1 and done < ENOUGH_FOR_MEMORY:
            figures[name] = None
            continue
        parts = {p: (after[p][i] - before[p][i]) / done * (1e6 if i == 0 else 1) for p in after}
        figures[name] = sum(parts.values())
        if len(parts) > 1:
            figures.update({f"{name}_{p}": v for p, v in parts.items()})
    note(args, f"    {r.title}: {done} of {n} handshakes in {report['seconds']:.2f} s, "
         f"{figures['cpu_per_handshake']:.0f} us CPU each, {number(figures['memory_per_pair'])} "
         f"octets each; holds {held[0]} IKE SAs, {held[1]} CHILD SAs; {report['failed']} failed, "
         f"{report['retransmissions']} requests sent again" +
         (f"; {figures['says']}" if figures["says"] else ""))
    return figures


# metric, unit, which is better
METRICS = [("handshakes_per_second", "1/s", "high"),
           ("cpu_per_handshake", "us", "low"),
           ("memory_per_pair", "octets", "low"),
           ("latency_p50", "us", "low"),
           ("latency_p99", "us", "low"),
           ("failures", "handshakes", "low"),
           ("retransmissions", "requests", "low"),
           ("initiator_cpu", "us", None)]


def rows_of(results):
    """results: {(responder, handshakes): [figures of each repeat]}"""
    rows = []
    for (key, n), runs in results.items():
        if key == Charon.key:
            continue
        peer = results.get((Charon.key, n))
        title = peer[0]["title"] if peer else None
        case = f"{key}/{n}"
        for metric, unit, better in METRICS:
            theirs = median([f[metric] for f in peer]) if peer else None
            rows.append(Row("handshake", case, metric, unit, better,
                            median([f[metric] for f in runs]), title, theirs))
            for part in sorted(k for k in runs[0] if k.startswith(metric + "_")):
                rows.append(Row("handshake", case, part, unit, None,
                                median([f[part] for f in runs])))
    return rows


def numbers(text):
    """1000,10000"""
    found = [int(n) for n in text.split(",")]
    if not found or min(found) < 1:
        raise ValueError(text)
    return found


def run_all(args, wanted):
    """Each size, each repeat, one responder after the other: ({(responder, n): figures}, errors)"""
    results, bad = {}, 0
    for n in args.n:
        for turn in range(args.repeat):
            note(args, f"{n} handshakes, {args.window} at once, run {turn + 1} of {args.repeat}")
            for kind in wanted:
                try:
                    figures = measure(args, kind, n, turn)
                    results.setdefault((kind.key, n), []).append(figures)
                except (Failed, OSError) as e:
                    print(f"handshake: {kind.key}: {e}", file=sys.stderr)
                    bad += 1
    return results, bad


def parse():
    p = argparse.ArgumentParser(prog="testing/bench/handshake", description="IKEv2 handshakes per "
                                "second, their cost in CPU time and memory: ours and charon's.")
    p.add_argument("--json", action="store_true", help="one JSON object per line, nothing else")
    p.add_argument("--quick", action="store_true", help="500 handshakes, once")
    p.add_argument("-n", type=numbers, metavar="N[,N...]",
                   help="handshakes of each run (1000,10000; matrix: 2000)")
    p.add_argument("-w", dest="window", type=int, default=64, help="open at once (64)")
    p.add_argument("--repeat", type=int, help="runs of each; medians are shown (3)")
    p.add_argument("--cases", default="pluto-null,pluto-klips,charon", help="which responders")
    p.add_argument("--limit", type=int, default=300, help="seconds for one run (300)")
    p.add_argument("--matrix", metavar="DIR", help="authentication, groups, loaded connections "
                   "and held SAs instead: DIR/handshake.json and .png")
    p.add_argument("--stage", help=argparse.SUPPRESS)
    p.add_argument("--ikeload", help=argparse.SUPPRESS)
    args = p.parse_args()
    usual = [2000] if args.matrix else [1000, 10000]
    args.n = args.n or ([500] if args.quick else usual)
    args.repeat = args.repeat or (1 if args.quick else 3)
    return args


def available(args):
    """The wanted responders that are here."""
    found = []
    for kind in (*responders.OURS, Charon):
        if kind.key not in args.cases.split(","):
            continue
        reason = kind(args.stage, WORK).missing()
        if reason:
            print(f"handshake: {kind.key}: {reason}", file=sys.stderr)
        else:
            found.append(kind)
    return found


def main():
    args = parse()
    make_network()
    wanted = available(args)
    if args.matrix:
        return matrix.run(args, wanted, load, note)
    results, bad = run_all(args, wanted)
    rows = rows_of(results)
    if args.json:
        for row in rows:
            print(row.json())
    elif rows:
        print("\nIKEv2: PSK, X25519, AES-GCM-128, one CHILD SA; CASE/N: N handshakes, "
              f"{args.window} at once; medians of {args.repeat}\ntheirs: {rows[0].peer}; "
              "ratio above 1: ours is better\n")
        print(table(rows))
    failures = any(f["failures"] for (key, _), v in results.items() for f in v if key != Charon.key)
    return 1 if bad or failures or len(wanted) < len(args.cases.split(",")) else 0


if __name__ == "__main__":
    sys.exit(main())
