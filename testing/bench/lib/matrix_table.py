# SPDX-License-Identifier: Apache-2.0
"""The handshake matrix as text: its rows, and what became of the aims."""
from figures import number

COLUMNS = [("responder", "responder"), ("case", "auth/group/conns/held"),
           ("handshakes_per_second", "per s"), ("ratio_per_second", "x charon"),
           ("cpu_us", "CPU us"), ("public_key_us", "key us"), ("rest_us", "rest us"),
           ("cpu_per_key_work", "CPU/key"), ("ratio_cpu", "CPU x"), ("ratio_rest", "rest x"),
           ("latency_p50_us", "p50 us"), ("latency_p99_us", "p99 us"),
           ("stall_p99_us", "stall p99"), ("octets_per_pair", "octets"),
           ("load_seconds", "load s"), ("status_seconds", "status s")]
LEFT = 2  # columns that are text
MAIN = "pluto-null"


def aligned(lines):
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join("  ".join(w.ljust(widths[i]) if i < LEFT else w.rjust(widths[i])
                               for i, w in enumerate(line)).rstrip() for line in lines)


def table(rows):
    lines = [[head for _, head in COLUMNS]]
    for row in rows:
        lines.append([v if isinstance(v, str) else number(v)
                      for v in (row.get(key) for key, _ in COLUMNS)])
    return aligned(lines)


def shortfalls(rows):
    """What a row had reached when its time was over: its figures are of that."""
    return "".join(f"{r['responder']} {r['case']}: {r['reached']}\n"
                   for r in rows if r.get("reached"))


def values(rows, key):
    return [(r[key], r["case"]) for r in rows if r.get(key) is not None]


def growth(rows):
    """CPU of a handshake by what is loaded or held: held SAs within one process, connections
    against the row without."""
    found = [(r["cpu_us"] / r["cpu_us_before"], r["case"]) for r in rows if r.get("cpu_us_before")]
    plain = {(r["auth"], r["group"]): r["cpu_us"] for r in rows if r["conns"] == 1 and not r["held"]}
    for row in rows:
        base = plain.get((row["auth"], row["group"]))
        if row["conns"] > 1 and base:
            found.append((row["cpu_us"] / base, row["case"]))
    return found


# what, how it is found, the limit, whether it is the least that counts
AIMS = [("handshakes a second, times charon's", lambda r: values(r, "ratio_per_second"), 5, True),
        ("CPU beyond the key work, charon's times ours", lambda r: values(r, "ratio_rest"), 10, True),
        ("CPU by the public-key work in it", lambda r: values(r, "cpu_per_key_work"), 1.6, False),
        ("CPU with connections and SAs by that without", growth, 1.1, False),
        ("octets for a pair, with 20,000 and more",
         lambda r: values([x for x in r if x["held"] >= 20000], "octets_per_pair"), 4096, False),
        ("seconds to load 50,000 connections",
         lambda r: values([x for x in r if x["conns"] >= 50000], "load_seconds"), 2, False),
        ("stall of the loop, p99, us", lambda r: values(r, "stall_p99_us"), 5000, False)]


def aims(rows):
    """Of the key daemon alone: the aim, the best and the worst row."""
    rows = [r for r in rows if r["responder"] == MAIN]
    lines = [["aim (pluto-null)", "", "limit", "best", "worst", "reached"]]
    for what, find, limit, least in AIMS:
        found = sorted(find(rows), reverse=least)
        if not found:
            continue
        good = [v >= limit if least else v <= limit for v, _ in found]
        lines.append([what, found[-1][1], number(limit), number(found[0][0]),
                      number(found[-1][0]), f"{sum(good)} of {len(good)}"])
    return aligned(lines)
