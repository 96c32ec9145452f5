# SPDX-License-Identifier: Apache-2.0
"""judge.py MATRIX WORLD: each cell by the packets of WORLD/public.pcap and what west's pings say."""
import re
import subprocess
import sys


def table(path):
    with open(path, encoding="ascii") as file:
        rows = [line.split() for line in file if not line.startswith("#")]
    return rows[0][1:], [(row[0], row[1:]) for row in rows[1:]]


def packets(path):
    """(source, destination, "request", "reply" or "esp") as they came."""
    out = subprocess.run(["tcpdump", "-n", "-r", path, "icmp or ip proto 50"], capture_output=True,
                         text=True, check=True).stdout
    for line in out.splitlines():
        found = re.match(r"\S+ IP (192\.1\.2\.\d+) > (192\.1\.2\.\d+): (ICMP echo (\w+)|ESP)", line)
        if found:
            yield found[1], found[2], found[4] or "esp"


def answered(world, i, j):
    with open("%s/west/ping-%d-%d" % (world, i, j), encoding="ascii") as file:
        found = re.search(r"(\d+) received", file.read())
    return int(found[1]) if found else 0


def verdict(ours, theirs, replies):
    clear, esp = ours.count("request"), ours.count("esp")
    if replies and esp and "esp" in theirs and ours[-1] == "esp":
        return "ce" if clear else "e"
    if replies:
        return "c" if not esp and clear else "mixed"
    return "cf" if clear else "f"


def main():
    columns, rows = table(sys.argv[1])
    world, seen, wrong = sys.argv[2], {}, 0
    for source, target, kind in packets(world + "/public.pcap"):
        seen.setdefault((source, target), []).append(kind)
    print("%-9s" % "", *("%-9s" % c for c in columns))
    for r, (row, cells) in enumerate(rows):
        line = []
        for c, want in enumerate(cells):
            here, there = "192.1.2.%d" % (112 + r), "192.1.2.%d" % (208 + c)
            got = verdict(seen.get((here, there), []), seen.get((there, here), []),
                          answered(world, 112 + r, 208 + c))
            line.append(got if got == want else "%s!%s" % (got, want))
            wrong += got != want
        print("%-9s" % row, *("%-9s" % text for text in line))
    print("%d of %d cells are not what they should be (found!wanted)" % (wrong, len(columns) * len(rows)))
    return wrong != 0


sys.exit(main())
