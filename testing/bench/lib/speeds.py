# SPDX-License-Identifier: Apache-2.0
"""What the ciphers alone do on one processor: the limit of any tunnel."""
import json
import re
import subprocess

OCTETS = 1420
EVP = [("AES-GCM-128", ["-evp", "aes-128-gcm"]), ("AES-CBC-128", ["-evp", "aes-128-cbc"]),
       ("ChaCha20-Poly1305", ["-evp", "chacha20-poly1305"]), ("HMAC-SHA-1", ["-hmac", "sha1"]),
       ("HMAC-SHA-256", ["-hmac", "sha256"])]
OURS = {"AES_GCM_16_128": "AES-GCM-128", "AES_CBC_128": "AES-CBC-128",
        "CHACHA20_POLY1305_256": "ChaCha20-Poly1305", "HMAC_SHA1_96": "HMAC-SHA-1",
        "HMAC_SHA2_256_128": "HMAC-SHA-256"}


def openssl_speed(words):
    """Gbit/s, or None."""
    done = subprocess.run(["openssl", "speed", "-seconds", "1", "-bytes", str(OCTETS), *words],
                          check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    found = re.search(r"\s([0-9.]+)k\s*$", done.stdout)
    return float(found[1]) * 8 / 1e6 if found else None


def limits(args):
    """Rows: cipher, by whom, Gbit/s."""
    rows = [{"limit": name, "by": "openssl speed", "octets": OCTETS, "gbit_s": openssl_speed(words)}
            for name, words in EVP]
    if not args.cryptobench:
        return rows
    done = subprocess.run([args.cryptobench, "--plugin-dir", f"{args.stage}/lib/modswan/plugins",
                           "--octets", str(OCTETS), "--batch", "32", "--ms", "50", "--json"],
                          check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for line in done.stdout.splitlines():
        row = json.loads(line)
        if row["algorithm"] in OURS and row["what"] in ("seal", "mac"):
            rows.append({"limit": OURS[row["algorithm"]], "by": f"crypto-{row['provider']}",
                         "octets": row["octets"], "gbit_s": row["gbit_s"]})
    return rows


def table(rows):
    lines = [f"one processor, {OCTETS} octets at a time, Gbit/s"]
    for name in dict.fromkeys(r["limit"] for r in rows):
        parts = [f"{r['by']} {r['gbit_s']:.1f}" for r in rows
                 if r["limit"] == name and r["gbit_s"] is not None]
        lines.append(f"  {name:18} {', '.join(parts)}")
    return "\n".join(lines)
