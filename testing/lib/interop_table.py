#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""interop_table.py TABLE FILE...: puts the cells of the FILEs (interop.tsv of scenarios: peer,
credentials, role, feature, result, reason) into TABLE, testing/interop/table.md. Cells that were not
tried keep what they had, so do skipped ones. Says which cells are other than before."""
import re
import sys

HEAD = """# ModSwan and other implementations

`sudo testing/run` writes this table from what its scenarios found (`interop-*`, and those with `interop=` in
their file `variants`); it tells when a cell is other than the committed one. `testing/run interop` tries
the grid alone. Each cell was on the wire: both ends running, pings through the tunnel where there is
one. An empty cell: not tried. "no": the peer cannot do it; why stands below its table.
"""
CREDENTIALS = ("PSK", "RSA", "RSA key", "ECDSA", "Ed25519", "NULL")
ROLES = ("we initiate", "they initiate")


def read_table(path):
    """{(peer, credentials, role, feature): (result, reason)} in the order of the rows."""
    cells, peer, columns = {}, None, []
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except FileNotFoundError:
        return cells
    for line in lines:
        fields = [f.strip() for f in line.split("|")[1:-1]]
        note = re.match(r"- (.+), ([^,]+), ((?:we|they) initiate): (.*)$", line)
        if line.startswith("## "):
            peer, columns = line[3:], []
        elif note and peer:
            key = (peer, note[2], note[3], note[1])
            if key in cells:
                cells[key] = (cells[key][0], note[4])
        elif fields and peer and not columns:
            columns = [tuple(re.split(r", (?=we|they)", f)) for f in fields[1:]]
        elif fields and peer and not set(fields[0]) <= set("-"):
            for column, result in zip(columns, fields[1:]):
                if result:
                    cells[(peer, *column, fields[0])] = (result, "")
    return cells


def read_rows(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            peer, credentials, role, feature, result, reason = line.rstrip("\n").split("\t")
            yield (peer, credentials, role, feature), (result, reason)


def text_of(cells):
    out = [HEAD]
    for peer in sorted({key[0] for key in cells}):
        mine = {key[1:]: value for key, value in cells.items() if key[0] == peer}
        columns = [(c, r) for c in CREDENTIALS for r in ROLES if any(k[:2] == (c, r) for k in mine)]
        features = list(dict.fromkeys(key[2] for key in mine))
        out.append("## %s\n" % peer)
        out.append("| | %s |" % " | ".join(", ".join(c) for c in columns))
        out.append("|---" * (len(columns) + 1) + "|")
        for feature in features:
            out.append("| %s | %s |" % (feature, " | ".join(
                mine.get((*c, feature), ("",))[0] for c in columns)))
        notes = ["- %s, %s, %s: %s" % (f, c, r, reason)
                 for (c, r, f), (result, reason) in mine.items() if reason and result != "passed"]
        out.append("")
        if notes:
            out += sorted(notes) + [""]
    return "\n".join(out)


def main():
    table = sys.argv[1]
    cells = read_table(table)
    before = dict(cells)
    skipped = {}
    for path in sys.argv[2:]:
        for key, value in read_rows(path):
            if value[0] == "skipped":
                skipped[value[1]] = skipped.get(value[1], 0) + 1
                cells.setdefault(key, value)
            else:
                cells[key] = value
    for key, value in cells.items():
        if before.get(key) != value:
            print("interop: %s: %s%s (was: %s)" % (
                ", ".join(key), value[0], ", " + value[1] if value[1] else "",
                before.get(key, ("not there",))[0]))
    for reason, number in skipped.items():
        print("interop: %d cells were not tried: %s" % (number, reason))
    text = text_of(cells)
    try:
        with open(table, encoding="utf-8") as file:
            same = file.read() == text
    except FileNotFoundError:
        same = False
    if not same:
        with open(table, "w", encoding="utf-8") as file:
            file.write(text)
        print("interop: testing/interop/table.md was written anew")


main()
