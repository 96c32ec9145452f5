#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""sudo testing/bench/esp: packets through klips and its peers.

Runs as process 1 of namespaces of its own (testing/bench/esp makes them): two network namespaces
with a pair of veth between them; both gateways, the sender and the receiver share the machine."""
import argparse
import json
import os
import signal
import subprocess
import sys
import time

import speeds
import tunnels
from chart import draw
from figures import cpu_seconds, median, number
from responders import Failed

WORK = "/mnt/bench"  # charon's pid file has a fixed place in /run
PORT = "5201"
SIZES = (64, 512, 1400)  # octets of the inner packet
LOSS = 0.01  # what still counts as carried
NET = ["netns add left", "netns add right",
       "link add veth0 netns left type veth peer name veth0 netns right"]


def note(text):
    print(text, file=sys.stderr, flush=True)


def make_network():
    for place in ("/run", "/mnt"):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", place], check=True)
    os.makedirs(WORK)
    lines = list(NET)
    for side in ("left", "right"):
        lines += [f"-n {side} addr add {tunnels.OUTER[side]}/24 dev veth0",
                  f"-n {side} addr add {tunnels.INNER[side]}/32 dev lo",
                  f"-n {side} link set lo up", f"-n {side} link set veth0 up"]
    for line in lines:
        subprocess.run(["ip", *line.split()], check=True)
    for side in ("left", "right"):
        subprocess.run(["ip", "netns", "exec", side, "sysctl", "-qw",
                        "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0"], check=False)


def inside(side, argv, **kw):
    return subprocess.Popen(["ip", "netns", "exec", side, *argv], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, **kw)


def host_cpu():
    """Busy and total ticks of all processors."""
    with open("/proc/stat", encoding="ascii") as f:
        n = [int(v) for v in f.readline().split()[1:9]]
    return sum(n) - n[3] - n[4], sum(n)


def peak_octets(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as f:
        for line in f:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


class Meter:
    """What the gateways spend between begin and end."""

    def __init__(self, tunnel):
        self.gateways = tunnel.pids()
        self.pids = [p for side in self.gateways for p in side]

    def __enter__(self):
        self.before, self.host = sum(map(cpu_seconds, self.pids)), host_cpu()
        return self

    def __exit__(self, *_):
        busy, total = host_cpu()
        self.cpu = sum(map(cpu_seconds, self.pids)) - self.before
        self.host_share = (busy - self.host[0]) / max(1, total - self.host[1])

    def memory(self):
        """The larger gateway's."""
        return max((sum(map(peak_octets, side)) for side in self.gateways), default=0)


def tcp(args, tunnel, streams):
    """iperf3 from left to right."""
    ends = tunnel.ends
    server = inside("right", ["iperf3", "-s", "-1", "-B", ends["right"], "-p", PORT])
    try:
        end = time.monotonic() + 10
        while f":{PORT} " not in subprocess.run(["ip", "netns", "exec", "right", "ss", "-Hltn"],
                                                stdout=subprocess.PIPE, text=True,
                                                check=False).stdout:
            if time.monotonic() > end:
                raise Failed("iperf3 does not listen")
            time.sleep(0.05)
        with Meter(tunnel) as meter:
            client = inside("left", ["iperf3", "-c", ends["right"], "-B", ends["left"], "-p", PORT,
                                     "-t", str(args.seconds), "-P", str(streams), "-J"])
            try:
                text, _ = client.communicate(timeout=args.seconds + 30)
            except subprocess.TimeoutExpired as e:
                client.kill()
                raise Failed(f"{tunnel.key}: iperf3 did not end") from e
    finally:
        server.kill()
        server.wait()
    report = json.loads(text)
    if "end" not in report or "sum_received" not in report["end"]:
        raise Failed(f"{tunnel.key}: iperf3: {report.get('error', 'no report')}")
    got = report["end"]["sum_received"]
    octets = got["bytes"]
    return {"gbit_s": got["bits_per_second"] / 1e9,
            "cpu_ns_octet": meter.cpu * 1e9 / octets if octets and meter.pids else None,
            "host_cpu": meter.host_share}


def flood(args, tunnel, octets, rate, ms):
    """(sent, received, their seconds, the meter)"""
    ends = tunnel.ends
    receiver = inside("right", [args.flood, "receive", ends["right"], PORT])
    try:
        receiver.stdout.readline()
        with Meter(tunnel) as meter:
            sender = inside("left", [args.flood, "send", ends["left"], ends["right"], PORT,
                                     str(octets), str(int(rate)), str(ms), str(args.joined)])
            text, _ = sender.communicate(timeout=ms / 1000 + 30)
        try:
            receiver.wait(0.3)
        except subprocess.TimeoutExpired:
            receiver.send_signal(signal.SIGTERM)
        got, _ = receiver.communicate(timeout=10)
    finally:
        receiver.kill()
        receiver.wait()
    if not text or not got:
        raise Failed(f"{tunnel.key}: the flood tool failed")
    sent, got = json.loads(text), json.loads(got)
    return sent, got, meter


def capacity(args, tunnel, octets):
    """Packets a second that come through with hardly a loss: doubled until some are lost, then
    halved between what passed and what did not."""
    good, bad, rate, sent_good = 0, None, 20000, 0
    for _ in range(args.trials):
        sent, got, _ = flood(args, tunnel, octets, rate, args.trial_ms)
        really = sent["sent"] / sent["seconds"]
        if got["packets"] >= sent["sent"] * (1 - LOSS):
            good = max(good, really)
            if really < rate * 0.9:  # the sender has no more to give
                return good, True
            sent_good = rate
        else:
            bad = rate
        rate = sent_good * 2 if bad is None else (sent_good + bad) / 2
        if bad is not None and bad < sent_good * 1.08:
            break
        if sent_good == 0 and bad is not None:
            rate = bad / 4
    return good, False


def udp(args, tunnel, octets):
    """Capacity, then a flood of twice that."""
    best, limited = capacity(args, tunnel, octets)
    if best == 0:
        return {"packets_s": 0.0, "flood_packets_s": None}
    sent, got, meter = flood(args, tunnel, octets, best * 2, args.seconds * 1000)
    seconds = max(got["seconds"], sent["seconds"])
    received = got["packets"]
    return {"packets_s": best, "gbit_s": best * octets * 8 / 1e9, "sender_limited": limited,
            "flood_sent_s": sent["sent"] / sent["seconds"], "flood_packets_s": received / seconds,
            "late": got["late"], "delay_us": got["delay_p50_us"],
            "delay_p99_us": got["delay_p99_us"],
            "cpu_ns_packet": meter.cpu * 1e9 / received if received and meter.pids else None,
            "host_cpu": meter.host_share}


def measure(args, tunnel, turn):
    """One tunnel from start to stop: {(test, metric): value}"""
    folder = f"{WORK}/{tunnel.key}-{turn}"
    os.makedirs(folder)
    found = {}
    try:
        tunnel.start(args.stage, folder)
        for streams in args.streams:
            for metric, value in tcp(args, tunnel, streams).items():
                found[f"tcp{streams}", metric] = value
        for octets in args.sizes:
            for metric, value in udp(args, tunnel, octets).items():
                found[f"udp{octets}", metric] = value
        found["memory", "peak_octets"] = Meter(tunnel).memory() or None
        tunnel.alive()
    finally:
        tunnel.stop()
    shown = [f"{test} {value:.2f} Gbit/s" for (test, m), value in found.items()
             if m == "gbit_s" and test.startswith("tcp")]
    shown += [f"{test} {number(value)}/s" for (test, m), value in found.items()
              if m == "packets_s"]
    note(f"    {tunnel.title}: {', '.join(shown)}")
    return found


def run_all(args, wanted):
    results, bad = {}, 0
    for turn in range(args.repeat):
        note(f"round {turn + 1} of {args.repeat}")
        # who comes first changes, so that a machine which grows slower favours nobody
        for tunnel in wanted if turn % 2 == 0 else reversed(wanted):
            try:
                for key, value in measure(args, tunnel, turn).items():
                    results.setdefault(tunnel.key, {}).setdefault(key, []).append(value)
            except (Failed, OSError, ValueError, subprocess.SubprocessError) as e:
                note(f"esp: {tunnel.key}: {e}")
                bad += 1
    return {k: {m: (median([x for x in v if not isinstance(x, bool)]) if not
                    isinstance(v[0], bool) else any(v)) for m, v in tests.items()}
            for k, tests in results.items()}, bad


def cell(tests, test, metric, scale=1.0):
    value = tests.get((test, metric))
    return "-" if value is None else number(value * scale)


def table(args, wanted, results):
    """Aligned text."""
    tcps, udps = [f"tcp{s}" for s in args.streams], [f"udp{o}" for o in args.sizes]
    head = ["tunnel"] + [f"{t} Gbit/s" for t in tcps] + [f"{t} ns/octet" for t in tcps[:1]]
    for u in udps:
        head += [f"{u} pkt/s", "flooded", "delay us", "ns/pkt"]
    head.append("peak MB")
    lines = [head]
    for t in wanted:
        tests = results.get(t.key)
        if tests is None:
            continue
        line = [t.title] + [cell(tests, x, "gbit_s") for x in tcps]
        line += [cell(tests, x, "cpu_ns_octet") for x in tcps[:1]]
        for u in udps:
            line += [cell(tests, u, m) for m in ("packets_s", "flood_packets_s", "delay_us", "cpu_ns_packet")]
        line.append(cell(tests, "memory", "peak_octets", 1e-6))
        lines.append(line)
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return "\n".join("  ".join(w.ljust(widths[i]) if i == 0 else w.rjust(widths[i])
                               for i, w in enumerate(line)).rstrip() for line in lines)


def write_json(args, wanted, results, limits):
    with open(args.json, "w", encoding="utf-8") as f:
        for t in wanted:
            for (test, metric), value in results.get(t.key, {}).items():
                print(json.dumps({"bench": "esp", "tunnel": t.key, "title": t.title, "test": test,
                                  "metric": metric, "value": value}), file=f)
        for row in limits:
            print(json.dumps({"bench": "esp", **row}), file=f)


def parse():
    p = argparse.ArgumentParser(prog="testing/bench/esp", description="Throughput, packets a "
                                "second, CPU time and memory of klips and its peers.")
    p.add_argument("--quick", action="store_true", help="one short round, fewer tunnels")
    p.add_argument("--tunnels", help="which, by the beginnings of their names, with commas")
    p.add_argument("--list", action="store_true", help="the tunnels' names")
    p.add_argument("--seconds", type=int, help="of each run (3; quick: 1)")
    p.add_argument("--repeat", type=int, help="rounds; medians are shown (3; quick: 1)")
    p.add_argument("--streams", type=lambda t: [int(n) for n in t.split(",")], help="TCP (1,8)")
    p.add_argument("--sizes", type=lambda t: [int(n) for n in t.split(",") if n],
                   help="UDP, octets of the inner packet (64,512,1400)")
    p.add_argument("--joined", type=int, default=16, metavar="N",
                   help="the sender gives N UDP packets to the kernel in one piece (16)")
    p.add_argument("--json", help="file for the figures")
    p.add_argument("--png", help="file for the picture")
    p.add_argument("--no-limits", action="store_true", help="leave out openssl speed")
    for hidden in ("--stage", "--flood", "--cryptobench", "--trixie"):
        p.add_argument(hidden, help=argparse.SUPPRESS)
    args = p.parse_args()
    args.seconds = args.seconds or (1 if args.quick else 3)
    args.repeat = args.repeat or (1 if args.quick else 3)
    args.streams = [1, 8] if args.streams is None else args.streams
    args.sizes = list(SIZES) if args.sizes is None else args.sizes
    args.trial_ms, args.trials = (250, 10) if args.quick else (500, 14)
    return args


QUICK = ("none", "klips-raw-aes-gcm", "klips-udp-aes-gcm", "klips-raw-cbc-sha2", "libipsec-aes-gcm",
         "wireguard-go", "openvpn")


def choose(args):
    """The tunnels asked for that are here."""
    found = []
    prefixes = args.tunnels.split(",") if args.tunnels else QUICK if args.quick else [""]
    for t in tunnels.all_tunnels(args.trixie):
        if not any(t.key.startswith(p) for p in prefixes):
            continue
        reason = t.missing(args.stage)
        if reason:
            note(f"esp: {t.key}: {reason}")
        else:
            found.append(t)
    return found


def main():
    args = parse()
    if args.list:
        print("\n".join(t.key for t in tunnels.all_tunnels(args.trixie)))
        return 0
    make_network()
    wanted = choose(args)
    load = os.getloadavg()[0]
    if load > 1:
        note(f"esp: load {load:.1f}: others are at work here, which only CPU time bears")
    results, bad = run_all(args, wanted)
    limits = [] if args.no_limits else speeds.limits(args)
    print(f"\n{len(os.sched_getaffinity(0))} processors, load {load:.1f} before, medians of "
          f"{args.repeat}; both gateways, "
          "sender and receiver on them\n")
    print(table(args, wanted, results))
    if limits:
        print("\n" + speeds.table(limits))
    if args.json:
        write_json(args, wanted, results, limits)
    if args.png:
        draw(args.png, args, wanted, results, limits)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
