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

# RFC 2544: addresses whose reverse map no resolver thinks to know by itself
LEFT, RIGHT = "198.18.0.1", "198.19.0.0/16"
DNS = {"left": "10.8.1.1", "right": "10.8.2.1"}
NET = """netns add left
netns add right
netns add names
link add veth0 netns left type veth peer name veth0 netns right
link add dns0 netns left type veth peer name left0 netns names
link add dns0 netns right type veth peer name right0 netns names
-n left address add 198.18.0.1/15 dev veth0
-n left address add 10.8.1.2/24 dev dns0
-n left link set lo up
-n left link set veth0 up
-n left link set dns0 up
-n left route add default via 198.18.9.9
-n right address add 198.18.0.2/15 dev veth0
-n right address add 10.8.2.2/24 dev dns0
-n right link set lo up
-n right link set veth0 up
-n right link set dns0 up
-n names address add 10.8.1.1/24 dev left0
-n names address add 10.8.2.1/24 dev right0
-n names link set lo up
-n names link set left0 up
-n names link set right0 up"""
SETUP = """version 2.0

config setup
	interfaces="ipsec0=veth0"
	protostack=klips
	logfile=%s/run/pluto.log
	oe-dnssec=require
	dnssec-rootkey-file=%s/anchors
"""
RESOLVER = 'forwarders = [ "%s" ];\nhosts = "none";\n'
NSD = """server:
    ip-address: 10.8.1.1
    ip-address: 10.8.2.1
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
# the first host of a round fills the cache of the DNS
HOSTS, WARM_UP = 101, 1


def percentile(values, percent):
    """Of sorted ones."""
    return values[min(len(values) - 1, len(values) * percent // 100)] if values else float("nan")


def right(i):
    return "198.19.%d.%d" % (i // 250, i % 250 + 1)


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
        write(self.folder + "/ipsec.secrets", ": RSA %s\n" % self.key)
        write(self.folder + "/modswan/resolver-unbound.conf", RESOLVER % DNS[self.name])
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
        os.makedirs("/run/netns", exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "none", "/run/netns"], check=True)
        for command in NET.splitlines():
            subprocess.run(["ip", *command.split()], check=True)
        for i in range(HOSTS):
            subprocess.run(["ip", "-n", "right", "address", "add", right(i) + "/32", "dev", "veth0"],
                           check=True)
        self.left = Host(options.stage, self.folder, "left")
        self.right = Host(options.stage, self.folder, "right")

    def publish(self):
        """Everybody is his own gateway."""
        zones = self.folder + "/zones"
        records = [(LEFT, self.left)] + [(right(i), self.right) for i in range(HOSTS)]
        keys = {host: host.rsakey("public").removeprefix("0s") for _, host in records}
        lines = ["$TTL 3600", "@ IN SOA ns.example.com. root.example.com. 1 3600 900 86400 1",
                 "@ IN NS ns.example.com."]
        for address, host in records:
            text = "X-IPsec-Server(10)=%s %s" % (address, keys[host])
            strings = ['"%s"' % text[at:at + 250] for at in range(0, len(text), 250)]
            lines.append("%s IN TXT %s" % (".".join(reversed(address.split("."))), " ".join(strings)))
        write(zones + "/unsigned", "\n".join(lines) + "\n")
        write(zones + "/nsd.conf", NSD % (zones, zones, zones, zones))
        for command in ("dnssec-keygen -q -a ECDSAP256SHA256 -f KSK in-addr.arpa",
                        "dnssec-signzone -S -z -K . -d . -o in-addr.arpa -f in-addr.arpa unsigned"):
            subprocess.run(command.split(), cwd=zones, check=True, capture_output=True)
        with open(zones + "/dsset-in-addr.arpa.", encoding="ascii") as file:
            anchors = file.read()
        for host in (self.left, self.right):
            write(host.folder + "/anchors", anchors)
        return subprocess.Popen(["ip", "netns", "exec", "names", "nsd", "-d", "-c",
                                 zones + "/nsd.conf"], stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self):
        self.nsd = self.publish()
        self.left.configure("", {"private": RIGHT + "\n"})
        self.right.configure(
            "".join("\nconn oe-%d\n\talso=private\n\tleft=%s\n" % (i, right(i)) for i in range(HOSTS)),
            {"oe-%d" % i: LEFT + "/32\n" for i in range(HOSTS)})

    def round(self, at_once):
        """A fresh start of both, and all hosts, one after the other or at once."""
        for host in (self.left, self.right):
            host.ipsec("setup", "start")
        self.until(RIGHT, 1, self.left)
        self.until("%trap", HOSTS, self.right)
        hosts = [right(i) for i in range(HOSTS)]
        if send_and_watch("left", hosts[:WARM_UP], False).failures:
            raise SystemExit("nobody is reached: see " + self.folder)
        run = send_and_watch("left", hosts[WARM_UP:], at_once)
        for host in (self.left, self.right):
            host.ipsec("setup", "stop")
        return run

    def until(self, words, count, host):
        end = time.monotonic() + 60
        while host.ipsec("eroute").count(words) < count:
            if time.monotonic() > end:
                raise SystemExit("%s has not %d eroutes: %s" % (host.name, count, host.ipsec("eroute")))
            time.sleep(0.1)

    def measure(self):
        runs = {name: [self.round(name == "burst") for _ in range(self.options.rounds)]
                for name in ("single", "burst")}
        everything = runs["single"] + runs["burst"]
        speeds = sorted(len(run.delays) / max(run.seconds, 1e-9) for run in runs["burst"])
        yield "setups_per_second", percentile(speeds, 50), "1/s"
        yield "failures", sum(run.failures for run in everything), "set-ups"
        for name, those in runs.items():
            delays = sorted(delay for run in those for delay in run.delays)
            yield name + "_first_packet_p50", percentile(delays, 50) * 1e3, "ms"
            yield name + "_first_packet_p99", percentile(delays, 99) * 1e3, "ms"
        done = sum(len(run.delays) for run in everything)
        yield "dns_questions_per_setup", sum(run.questions for run in everything) / max(done, 1), ""

    def end(self):
        self.nsd.terminate()
        self.nsd.wait()


def main():
    parser = argparse.ArgumentParser(prog="testing/bench/oe", description=__doc__)
    parser.add_argument("--stage", help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="one object per line")
    parser.add_argument("--rounds", type=int, default=3, help="of 100 set-ups, of each kind")
    bench = Bench(parser.parse_args())
    bench.start()
    failed = False
    for metric, value, unit in bench.measure():
        failed = failed or (metric == "failures" and value > 0)
        if bench.options.json:
            print(json.dumps({"bench": "oe", "case": str(HOSTS - WARM_UP), "metric": metric,
                              "unit": unit, "ours": round(value, 4), "peer": None, "theirs": None,
                              "ratio": None}), flush=True)
        else:
            print("%-28s %10.2f %s" % (metric, value, unit), flush=True)
    bench.end()
    sys.exit(failed)


main()
