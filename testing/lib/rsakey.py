#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""rsakey.py KEY.pem: prints the public half of an RSA key in the form of leftrsasigkey=, that is
0s and the base64 of RFC 3110's octets (length of the exponent, exponent, modulus)."""
import base64
import re
import subprocess
import sys


def openssl(*arguments):
    return subprocess.run(("openssl", "rsa", "-noout") + arguments, check=True,
                          capture_output=True, text=True).stdout


def main(path):
    modulus = bytes.fromhex(re.search(r"Modulus=([0-9A-F]+)", openssl("-modulus", "-in", path))[1])
    number = int(re.search(r"publicExponent: ([0-9]+)", openssl("-text", "-in", path))[1])
    exponent = number.to_bytes((number.bit_length() + 7) // 8, "big")
    # RFC 3110 s2: one octet of length, or zero and two octets for an exponent over 255 octets
    length = bytes([len(exponent)]) if len(exponent) < 256 else b"\0" + len(exponent).to_bytes(2, "big")
    print("0s" + base64.b64encode(length + exponent + modulus).decode())


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(sys.argv[1])
