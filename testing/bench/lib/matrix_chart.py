# SPDX-License-Identifier: Apache-2.0
"""The picture of the handshake matrix."""

KEY, REST, THEIRS = "#d9c58b", "#1f6f8b", "#b0b0b0"


def split_bars(axes, rows):
    """CPU of a handshake, public-key work and the rest."""
    rows = [r for r in rows if r.get("cpu_us") is not None]
    names = [f"{r['responder']} {r['case']}" for r in rows]
    key = [r.get("public_key_us") or 0 for r in rows]
    rest = [r["cpu_us"] - k for r, k in zip(rows, key)]
    colours = [THEIRS if r.get("public_key_us") is None else REST for r in rows]
    axes.barh(names, key, color=KEY)
    axes.barh(names, rest, left=key, color=colours)
    axes.invert_yaxis()
    axes.set_title("responder's CPU per handshake, us (light: public-key work)", fontsize=9)


def bars(axes, rows, metric, title):
    rows = [r for r in rows if r.get(metric) is not None]
    axes.barh([f"{r['responder']} {r['case']}" for r in rows], [r[metric] for r in rows],
              color=[THEIRS if r["responder"] == "charon" else REST for r in rows])
    axes.invert_yaxis()
    axes.set_title(title, fontsize=9)


def draw(path, rows):
    import matplotlib  # pylint: disable=import-outside-toplevel
    matplotlib.use("Agg")
    from matplotlib import pyplot  # pylint: disable=import-outside-toplevel

    figure, grid = pyplot.subplots(3, 2, figsize=(14, 3 + 0.55 * len(rows)))
    split_bars(grid[0][0], rows)
    bars(grid[0][1], rows, "handshakes_per_second", "handshakes per second")
    bars(grid[1][0], rows, "latency_p99_us", "latency p99, us")
    bars(grid[1][1], rows, "stall_p99_us", "turn of the loop, p99, us")
    bars(grid[2][0], rows, "octets_per_pair", "resident octets per SA pair")
    bars(grid[2][1], [r for r in rows if r["conns"] > 1 or r["held"]], "status_seconds",
         "ipsec status, seconds")
    for axes in grid.flat:
        axes.tick_params(labelsize=6)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
