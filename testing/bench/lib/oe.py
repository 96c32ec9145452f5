# SPDX-License-Identifier: Apache-2.0
"""Opportunistic encryption between two hosts that know nothing of each other: set-ups a second, how
long the first packet waits, what is asked of the DNS."""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

from oe_packets import send_and_watch
from responders import write

LEFT, DNS = "10.1.0.1", "10.3.0.1"
NET = """netns add left
netns add right
link add veth0 netns left type veth peer name veth0 netns right
-n left address add 10.1.0.1/8 dev veth0
-n left link set veth0 up
-n left link set lo up
-n left route add default via 10.9.9.9
-n right address add 10.3.0.1/8 dev veth0
-n right link set veth0 up
-n right link set lo up"""
SETUP = """version 2.0

config setup
	interfaces="ipsec0=veth0"
	protostack=klips
	logfile=%s/run/pluto.log
	oe-dnssec=require
	dnssec-rootkey-file=%s/anchors
"""
RESOLVER = 'forwarders = [ "%s" ];\nhosts = "none";\n' % DNS
NSD = """server:
    ip-address: %s
    server-count: 1
    username: ""
    chroot: ""
    zonesdir: "%s"
    database: ""
    zonelistfile: "%s/zone.list"
    xfrdfile: "%s/xfrd.state"
    pidfile: "%s/nsd.pid"
    do-ip6: no
remote-control:
    control-enable: no
zone:
    name: in-addr.arpa
    zonefile: in-addr.arpa
"""
WARM_UP = 5


def percentile(values, percent):
    """Of sorted ones."""
    return values[min(len(values) - 1, len(values) * percent // 100)] if values else float("nan")


def right(i):
    return "10.2.%d.%d" % (i // 250, i % 250 + 1)


class Host:
    def __init__(self, stage, folder, name):
        self.stage, self.name, self.folder = stage, name, folder + "/" + name
        self.key = self.folder + "/key.pem"
        os.makedirs(self.folder + "/run")
        os.makedirs(self.folder + "/ipsec.d/policies")
        subprocess.run(["openssl", "genrsa", "-out", self.key, "2048"], check=True,
                       capture_output=True)

    def rsakey(self, half):
        tool = os.path.dirname(os.path.abspath(__file__)) + "/../../lib/rsakey.py"
        return subprocess.run([sys.executable, tool, half, self.key], check=True,
                              capture_output=True, text=True).stdout.strip()

    def configure(self, conns, groups):
        write(self.folder + "/ipsec.conf", SETUP % (self.folder, self.folder) + conns)
        write(self.folder + "/ipsec.secrets", ": RSA %s\n" % self.rsakey("private"))
        write(self.folder + "/modswan/resolver-unbound.conf", RESOLVER)
        for name, lines in groups.items():
            write(self.folder + "/ipsec.d/policies/" + name, lines)

    def ipsec(self, *words):
        return subprocess.run(
            ["ip", "netns", "exec", self.name, self.stage + "/sbin/ipsec", "--confdir", self.folder,
             "--rundir", self.folder + "/run", *words], check=True, capture_output=True,
            text=True).stdout


class Bench:
    def __init__(self, options):
        self.options = options
        self.folder = tempfile.mkdtemp(prefix="modswan-oe-")
        self.n = WARM_UP + options.single + options.setups
        os.makedirs("/run/netns", exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "none", "/run/netns"], check=True)
        for command in NET.splitlines():
            subprocess.run(["ip", *command.split()], check=True)
        for i in range(self.n):
            subprocess.run(["ip", "-n", "right", "address", "add", right(i) + "/32", "dev", "veth0"],
                           check=True)
        self.left = Host(options.stage, self.folder, "left")
        self.right = Host(options.stage, self.folder, "right")

    def publish(self):
        """Everybody is his own gateway."""
        zones = self.folder + "/zones"
        records = [(LEFT, self.left)] + [(right(i), self.right) for i in range(self.n)]
        keys = {host: host.rsakey("public").removeprefix("0s") for _, host in records}
        lines = ["$TTL 3600", "@ IN SOA ns.example.com. root.example.com. 1 3600 900 86400 1",
                 "@ IN NS ns.example.com."]
        for address, host in records:
            text = "X-IPsec-Server(10)=%s %s" % (address, keys[host])
            strings = ['"%s"' % text[at:at + 250] for at in range(0, len(text), 250)]
            lines.append("%s IN TXT %s" % (".".join(reversed(address.split("."))), " ".join(strings)))
        write(zones + "/unsigned", "\n".join(lines) + "\n")
        write(zones + "/nsd.conf", NSD % (DNS, zones, zones, zones, zones))
        for command in ("dnssec-keygen -q -a ECDSAP256SHA256 -f KSK in-addr.arpa",
                        "dnssec-signzone -S -z -K . -d . -o in-addr.arpa -f in-addr.arpa unsigned"):
            subprocess.run(command.split(), cwd=zones, check=True, capture_output=True)
        with open(zones + "/dsset-in-addr.arpa.", encoding="ascii") as file:
            anchors = file.read()
        for host in (self.left, self.right):
            write(host.folder + "/anchors", anchors)
        return subprocess.Popen(["ip", "netns", "exec", "right", "nsd", "-d", "-c",
                                 zones + "/nsd.conf"], stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self):
        self.nsd = self.publish()
        self.left.configure("", {"private": "10.2.0.0/16\n"})
        self.right.configure(
            "".join("\nconn oe-%d\n\talso=private\n\tleft=%s\n" % (i, right(i)) for i in range(self.n)),
            {"oe-%d" % i: LEFT + "/32\n" for i in range(self.n)})
        for host in (self.left, self.right):
            host.ipsec("setup", "start")
        self.until("10.2.0.0/16", 1, self.left)
        self.until("%trap", self.n, self.right)

    def until(self, words, count, host):
        end = time.monotonic() + 60
        while host.ipsec("eroute").count(words) < count:
            if time.monotonic() > end:
                raise SystemExit("%s has not %d eroutes: %s" % (host.name, count, host.ipsec("eroute")))
            time.sleep(0.1)

    def measure(self):
        watch = [right(i) for i in range(self.n)]
        send_and_watch("left", watch[:WARM_UP], False)
        single = send_and_watch("left", watch[WARM_UP:WARM_UP + self.options.single], False)
        burst = send_and_watch("left", watch[WARM_UP + self.options.single:], True)
        yield "setups_per_second", len(burst.delays) / max(burst.seconds, 1e-9), "1/s"
        yield "failures", single.failures + burst.failures, "set-ups"
        for name, run in (("single", single), ("burst", burst)):
            yield name + "_first_packet_p50", percentile(run.delays, 50) * 1e3, "ms"
            yield name + "_first_packet_p99", percentile(run.delays, 99) * 1e3, "ms"
        questions = single.questions + burst.questions
        yield "dns_questions_per_setup", questions / max(len(single.delays) + len(burst.delays), 1), ""

    def end(self):
        for host in (self.left, self.right):
            host.ipsec("setup", "stop")
        self.nsd.terminate()
        self.nsd.wait()


def main():
    parser = argparse.ArgumentParser(prog="testing/bench/oe", description=__doc__)
    parser.add_argument("--stage", help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="one object per line")
    parser.add_argument("--setups", type=int, default=150, help="how many begin at once")
    parser.add_argument("--single", type=int, default=50, help="how many one after the other")
    bench = Bench(parser.parse_args())
    bench.start()
    failed = False
    for metric, value, unit in bench.measure():
        failed = failed or (metric == "failures" and value > 0)
        if bench.options.json:
            print(json.dumps({"bench": "oe", "case": str(bench.options.setups), "metric": metric,
                              "unit": unit, "ours": round(value, 4), "peer": None, "theirs": None,
                              "ratio": None}), flush=True)
        else:
            print("%-28s %10.2f %s" % (metric, value, unit), flush=True)
    bench.end()
    sys.exit(failed)


main()
