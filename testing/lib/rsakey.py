#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""rsakey.py public|private KEY.pem

public: the public half of an RSA key in the form of leftrsasigkey=, that is 0s and the base64 of
RFC 3110's octets (length of the exponent, exponent, modulus).
private: the whole key in the form of ipsec.secrets, ": RSA {" ... "}"."""
import base64
import re
import subprocess
import sys

# ipsec.secrets' names for what "openssl rsa -text" calls
FIELDS = {"Modulus": "modulus", "PublicExponent": "publicExponent",
          "PrivateExponent": "privateExponent", "Prime1": "prime1", "Prime2": "prime2",
          "Exponent1": "exponent1", "Exponent2": "exponent2", "Coefficient": "coefficient"}


def numbers(path):
    """The key's numbers by openssl's names: small ones stand behind the name in decimal, large
    ones in the lines below it as colon-separated octets."""
    text = subprocess.run(("openssl", "rsa", "-noout", "-text", "-in", path), check=True,
                          capture_output=True, text=True).stdout
    found = {}
    pattern = r"^(\w+):(?: (\d+).*)?\n((?: +[0-9a-f:]+\n)*)"
    for name, small, large in re.findall(pattern, text, re.M):
        found[name] = int(small) if small else int(re.sub(r"[^0-9a-f]", "", large), 16)
    return found


def octets(number):
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def public(path):
    key = numbers(path)
    exponent = octets(key["publicExponent"])
    # RFC 3110 s2: one octet of length, or zero and two octets for an exponent over 255 octets
    length = bytes([len(exponent)])
    if len(exponent) > 255:
        length = b"\0" + len(exponent).to_bytes(2, "big")
    return "0s" + base64.b64encode(length + exponent + octets(key["modulus"])).decode()


def private(path):
    key = numbers(path)
    # whole octets: an odd number of digits is no datum of the family
    lines = ["\t%s: 0x%s\n" % (ours, octets(key[theirs]).hex()) for ours, theirs in FIELDS.items()]
    return ": RSA {\n%s\t}" % "".join(lines)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("public", "private"):
        raise SystemExit(__doc__)
    print({"public": public, "private": private}[sys.argv[1]](sys.argv[2]))
