# SPDX-License-Identifier: Apache-2.0
"""The picture of the ESP benchmark."""

OURS, THEIRS, WIRE = "#1f6f8b", "#b0b0b0", "#d9c58b"


def colour(key):
    return WIRE if key == "none" else OURS if key.startswith("klips") else THEIRS


def bars(axes, title, unit, rows):
    """rows: (key, text, value), the first on top."""
    rows = [r for r in rows if r[2] is not None]
    places = range(len(rows))
    axes.barh(places, [r[2] for r in rows], color=[colour(r[0]) for r in rows])
    axes.set_yticks(list(places), [r[1] for r in rows], fontsize=7)
    axes.invert_yaxis()
    axes.set_title(title, fontsize=9)
    axes.set_xlabel(unit, fontsize=8)
    axes.tick_params(axis="x", labelsize=7)
    for place, row in zip(places, rows):
        axes.text(row[2], place, f" {row[2]:.3g}", va="center", fontsize=6)
    axes.margins(x=0.12)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def draw(path, args, wanted, results, limits):
    import matplotlib  # pylint: disable=import-outside-toplevel
    matplotlib.use("Agg")
    from matplotlib import pyplot  # pylint: disable=import-outside-toplevel

    panels = [(f"TCP, {s} stream{'s' if s > 1 else ''}", "Gbit/s", f"tcp{s}", "gbit_s", 1, False)
              for s in args.streams]
    panels += [(f"UDP, {o} octets", "thousand packets/s", f"udp{o}", "packets_s", 1e-3, True)
               for o in args.sizes]
    panels += [(f"CPU time of both gateways, TCP, {s} stream{'s' if s > 1 else ''}", "ns/octet, less is "
                "better", f"tcp{s}", "cpu_ns_octet", 1, False) for s in args.streams[:1]]
    panels.append(("memory of a gateway", "MB, peak", "memory", "peak_octets", 1e-6, False))
    rows = (len(panels) + 1) // 2
    figure, grid = pyplot.subplots(rows, 2, figsize=(13, 0.9 + rows * (1 + 0.2 * len(wanted))),
                                   squeeze=False)
    for axes in grid.flat[len(panels):]:
        axes.axis("off")
    for axes, (title, unit, test, metric, scale, wire) in zip(grid.flat, panels):
        found = []
        for t in wanted:
            value = results.get(t.key, {}).get((test, metric))
            if (t.key != "none" or wire) and value is not None:
                found.append((t.key, t.title, value * scale))
        if not wire and metric == "gbit_s" and ("none" in results):
            bare = results["none"].get((test, metric))
            title += f" (bare wire: {bare:.3g})" if bare else ""
        bars(axes, title, unit, found)
    text = [f"{r['limit']} {r['gbit_s']:.1f} ({r['by']})" for r in limits if r["gbit_s"]]
    if text:
        figure.text(0.01, 0.005, "one processor, 1,420 octets, Gbit/s: " + ", ".join(text),
                    fontsize=6, wrap=True)
    figure.tight_layout(rect=(0, 0.03, 1, 1))
    figure.savefig(path, dpi=130)
