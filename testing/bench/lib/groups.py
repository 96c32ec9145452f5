# SPDX-License-Identifier: Apache-2.0
"""Policy groups of many lines: how long until pluto has the members, and klips the eroutes; how long
after one line changed; what a question about one packet costs."""
import argparse
import json
import os
import subprocess
import tempfile
import time

CONF = """version 2.0

config setup
	interfaces="ipsec0=eth1"
	protostack=klips
	logfile=%s/pluto.log
"""

SHUNTS = {"clear": "%pass", "block": "%reject", "private": "%trap"}


def address(i):
    """Spread over 10/8, no two the same."""
    i = (i * 7919) % (1 << 24)
    return "10.%d.%d.%d" % (i >> 16, i >> 8 & 255, i & 255)


class Bench:
    def __init__(self, options):
        self.options = options
        self.folder = tempfile.mkdtemp(prefix="modswan-groups-")
        self.etc, self.run = self.folder + "/etc", self.folder + "/run"
        self.policies = self.etc + "/ipsec.d/policies"
        os.makedirs(self.policies)
        os.makedirs(self.etc + "/modswan")
        os.makedirs(self.run)

    def write(self, path, text):
        with open(path, "w", encoding="ascii") as file:
            file.write(text)

    def ipsec(self, *words):
        command = [self.options.stage + "/sbin/ipsec", "--confdir", self.etc, "--rundir", self.run]
        done = subprocess.run(command + list(words), capture_output=True, text=True)
        if done.returncode:
            raise SystemExit("ipsec %s: %s%s" % (" ".join(words), done.stdout, done.stderr))
        return done.stdout

    def timed(self, *words):
        start = time.monotonic()
        self.ipsec(*words)
        return time.monotonic() - start

    def eroutes(self):
        return self.ipsec("eroute").count(SHUNTS[self.options.group])

    def routes(self):
        return subprocess.run(["ip", "-4", "route", "show", "dev", "ipsec0", "scope", "link"],
                              capture_output=True, text=True, check=True).stdout.count("10.")

    def until_eroutes(self, count, start):
        while self.eroutes() != count:
            if time.monotonic() - start > 120:
                raise SystemExit("%d eroutes, not %d" % (self.eroutes(), count))
            time.sleep(0.05)
        return time.monotonic() - start

    def memory(self):
        with open(self.run + "/pluto.pid", encoding="ascii") as file:
            status = "/proc/%s/status" % file.read().strip()
        with open(status, encoding="ascii") as file:
            return [int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS")][0]

    def median(self, *words):
        return sorted(self.timed(*words) for _ in range(9))[4]

    def start(self):
        for command in ("link set lo up", "link add eth1 type veth peer name peer",
                        "addr add 192.1.2.45/24 dev eth1", "link set eth1 up", "link set peer up",
                        "route add default via 192.1.2.254"):
            subprocess.run(["ip"] + command.split(), check=True)
        self.write(self.etc + "/ipsec.conf", CONF % self.run)
        self.write(self.etc + "/ipsec.secrets", "")
        self.write(self.etc + "/modswan/policy-groups.conf", "watch = false;\n")
        self.ipsec("setup", "start")

    def measure(self):
        lines = self.options.lines
        path = self.policies + "/" + self.options.group
        text = "".join("%s\n" % address(i) for i in range(lines))
        before = self.memory()
        self.write(path, text)
        begin = time.monotonic()
        yield "load", self.timed("auto", "--rereadgroups"), "s"
        yield "load_eroutes", self.until_eroutes(lines, begin), "s"
        if self.options.group != "clear" and self.routes() < lines:
            raise SystemExit("%d routes, not %d" % (self.routes(), lines))
        yield "memory_per_member", (self.memory() - before) / lines, "octets"
        yield "reread_same", self.timed("auto", "--rereadgroups"), "s"
        self.write(path, text + "192.0.2.1\n")
        begin = time.monotonic()
        yield "change_one_line", self.timed("auto", "--rereadgroups"), "s"
        while "192.0.2.1/32" not in self.ipsec("eroute"):
            if time.monotonic() - begin > 60:
                raise SystemExit("the new line has no eroute")
        idle = self.median("briefstatus")
        yield "lookup", max(self.median("why", "192.1.2.45", address(lines // 2)) - idle, 0), "s"

    def end(self):
        self.ipsec("setup", "stop")


def main():
    parser = argparse.ArgumentParser(prog="testing/bench/groups", description=__doc__)
    parser.add_argument("--stage", help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="one object per line")
    parser.add_argument("--lines", type=int, default=100000)
    parser.add_argument("--group", choices=SHUNTS, default="clear", help="which list has them")
    bench = Bench(parser.parse_args())
    bench.start()
    case = "%s-%d" % (bench.options.group, bench.options.lines)
    for metric, value, unit in bench.measure():
        if bench.options.json:
            print(json.dumps({"bench": "groups", "case": case, "metric": metric,
                              "unit": unit, "ours": round(value, 4), "peer": None, "theirs": None,
                              "ratio": None}), flush=True)
        else:
            print("%-20s %10.3f %s" % (metric, value, unit), flush=True)
    bench.end()


main()
