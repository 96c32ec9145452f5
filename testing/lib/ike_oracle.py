#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""ike_oracle.py PCAP CHARON-LOG ADDRESS...: tshark as an oracle for IKEv2. The messages of the ADDRESSES
are ours; strongSwan, the other end, logs the keys of each IKE SA in the order in which they come up.
With these tshark must open every message and find nothing to complain about in ours: no field that is
malformed, no warning, no wrong checksum. At least one request and one response of ours is wanted of
each exchange type. AEAD with keys of one length only: aes_gcm128."""
import os
import re
import subprocess
import sys
import tempfile

EXCHANGES = {34: "IKE_SA_INIT", 35: "IKE_AUTH", 36: "CREATE_CHILD_SA", 37: "INFORMATIONAL"}
CIPHER, KEY_OCTETS = "AES-GCM-128 with 16 octet ICV [RFC5282]", 20
FIELDS = ("frame.number", "ip.src", "ipv6.src", "isakmp.ispi", "isakmp.rspi", "isakmp.exchangetype",
          "isakmp.flag_r", "isakmp.enc.decrypted", "isakmp.typepayload", "_ws.expert.severity",
          "_ws.expert.message", "_ws.malformed", "isakmp.messageid")
WARNING = 0x600000


def keys_of(log):
    """(SK_ei, SK_er) of each IKE SA."""
    found, name, octets = {"Sk_ei": [], "Sk_er": []}, None, ""
    with open(log, encoding="utf-8", errors="replace") as file:
        for line in file:
            begin = re.search(r"\] (Sk_e[ir]) secret => (\d+) bytes", line)
            row = re.search(r"\]\s+\d+: ((?:[0-9A-F]{2} )+)", line)
            if begin:
                name, octets = begin[1], ""
            elif name and row:
                octets += row[1].replace(" ", "")
            if name and len(octets) >= 2 * KEY_OCTETS:
                found[name].append(octets[:2 * KEY_OCTETS].lower())
                name = None
    return list(zip(found["Sk_ei"], found["Sk_er"]))


def tshark(pcap, home, *options):
    """A dictionary of lists for each IKE message."""
    command = ["tshark", "-n", "-r", pcap, "-Y", "isakmp", "-T", "fields", "-E", "separator=/t",
               "-E", "occurrence=a", "-E", "aggregator=;", *options]
    for field in FIELDS:
        command += ["-e", field]
    done = subprocess.run(command, env=dict(os.environ, WIRESHARK_CONFIG_DIR=home, HOME=home),
                          capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit("tshark: " + done.stderr)
    for line in done.stdout.splitlines():
        values = line.split("\t")
        yield {f: [x for x in v.split(";") if x] for f, v in zip(FIELDS, values)}


def spis_of(pcap, home):
    """Pairs of SPIs as they come up, of IKE SAs that came into being."""
    pairs = {}
    for m in tshark(pcap, home):
        spi_i, spi_r = (m[f][0].replace(":", "") for f in ("isakmp.ispi", "isakmp.rspi"))
        if int(spi_r, 16):
            pairs.setdefault((spi_i, spi_r))
    return list(pairs)


def main():
    pcap, log, ours = sys.argv[1], sys.argv[2], set(sys.argv[3:])
    home = tempfile.mkdtemp()
    keys, spis = keys_of(log), spis_of(pcap, home)
    print("%d IKE SAs on the wire, keys of %d" % (len(spis), len(keys)))
    if len(keys) != len(spis) or not keys:
        return 1
    with open(home + "/ikev2_decryption_table", "w", encoding="ascii") as file:
        for pair, key in zip(spis, keys):
            file.write(",".join([*pair, *key, '"%s"' % CIPHER, "", "", '"NONE [RFC4306]"']) + "\n")
    wrong, seen, opened = [], {}, 0
    for m in tshark(pcap, home):
        number, kind = m["frame.number"][0], int(m["isakmp.exchangetype"][0])
        source = (m["ip.src"] + m["ipv6.src"])[0]
        payloads = [int(p) for p in m["isakmp.typepayload"]]
        what = "%s %s, packet %s" % (EXCHANGES.get(kind, kind), "response" if m["isakmp.flag_r"][0] in
                                     ("1", "True") else "request", number)
        sealed = 46 in payloads or 53 in payloads
        opened += sealed
        if source not in ours:
            continue
        seen[kind, m["isakmp.flag_r"][0]] = seen.get((kind, m["isakmp.flag_r"][0]), 0) + 1
        if m["_ws.malformed"]:
            wrong.append(what + ": malformed")
        if sealed and not m["isakmp.enc.decrypted"] and 53 not in payloads:
            wrong.append(what + ": not opened")
        for severity, text in zip(m["_ws.expert.severity"], m["_ws.expert.message"]):
            if int(severity, 0) >= WARNING:
                wrong.append("%s: %s" % (what, text))
    for text in wrong[:20]:
        print("FAILED " + text)
    for (kind, response), n in sorted(seen.items()):
        print("%-16s %-9s %d" % (EXCHANGES.get(kind, kind), ("request", "response")[
            response in ("1", "True")], n))
    print("%d sealed messages, %d complaints about ours" % (opened, len(wrong)))
    lacking = 2 * len(EXCHANGES) - len(seen)
    return 1 if wrong or lacking else 0


sys.exit(main())
