# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks share: figures of processes, medians, and how results are shown."""
import json
import os
import statistics
import time

TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """User and system time of a process, of all its threads, and of children it waited for."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
        fields = f.read().rpartition(")")[2].split()
    return sum(int(n) for n in fields[11:15]) / TICK


def exact_cpu_seconds(pid):
    """Of all threads that live, in nanoseconds instead of ticks."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as f:
            total += int(f.read().split()[0])
    return total / 1e9


def resident_octets(pid):
    """Counted page by page: VmRSS of /proc/PID/status is off by what each processor has not yet
    added to the sum, which is more than some thousand SAs take."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii", errors="replace") as f:
        for line in f:
            if line.startswith("Rss:"):
                return int(line.split()[1]) * 1024
    return 0


def settle(pids, quiet=0.3, limit=5.0):
    """Waits until the processes have done what they still had to do."""
    end = time.monotonic() + limit
    before = None
    while time.monotonic() < end:
        now = [cpu_seconds(p) for p in pids]
        if now == before:
            return
        before = now
        time.sleep(quiet)


class Row:
    """One figure of one case. better: 'high' or 'low', whichever is good."""

    def __init__(self, bench, case, metric, unit, better, ours, peer=None, theirs=None):
        self.bench, self.case, self.metric, self.unit = bench, case, metric, unit
        self.better, self.ours, self.peer, self.theirs = better, ours, peer, theirs

    @property
    def ratio(self):
        """Above 1: ours is better. None where there is nothing to compare."""
        if self.ours is None or self.theirs is None or self.better is None:
            return None
        high, low = (self.ours, self.theirs) if self.better == "high" else (self.theirs, self.ours)
        return high / low if low else None

    def json(self):
        def short(v):
            return None if v is None else float(f"{v:.6g}")
        return json.dumps({"bench": self.bench, "case": self.case, "metric": self.metric,
                           "unit": self.unit, "ours": short(self.ours), "peer": self.peer,
                           "theirs": short(self.theirs), "ratio": short(self.ratio)})


def median(values):
    values = [v for v in values if v is not None]
    return statistics.median(values) if values else None


def number(v):
    if v is None:
        return "-"
    return f"{v:,.0f}" if v >= 100 or v == int(v) else f"{v:.3g}"


def table(rows):
    """The rows as aligned text."""
    head = ["case", "figure", "unit", "ours", "theirs", "ratio"]
    lines = [head] + [[r.case, r.metric, r.unit, number(r.ours), number(r.theirs),
                       "-" if r.ratio is None else f"{r.ratio:.2f}"] for r in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    text = []
    for n, line in enumerate(lines):
        if n > 1 and line[0] != lines[n - 1][0]:
            text.append("")
        text.append("  ".join(w.ljust(widths[i]) if i < 3 else w.rjust(widths[i])
                              for i, w in enumerate(line)).rstrip())
    return "\n".join(text)
