#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""extract.py FOLDER: what of Project Wycheproof's test vectors (FOLDER: its testvectors, *_test.json)
concerns our algorithms, as aead.txt, mac.txt, sign.txt and ke.txt beside this file."""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
VERDICT = {"valid": "v", "invalid": "i"}  # "acceptable" is for whoever wants it so: left out
AEADS = [("aes_gcm", "AES_GCM_16", 96, 128, 4), ("aes_ccm", "AES_CCM_8", 88, 64, 3),
         ("aes_ccm", "AES_CCM_12", 88, 96, 3), ("aes_ccm", "AES_CCM_16", 88, 128, 3),
         ("chacha20_poly1305", "CHACHA20_POLY1305", 96, 128, 4)]
MACS = [("hmac_sha1", "HMAC_SHA1", 160), ("hmac_sha256", "HMAC_SHA2_256", 256),
        ("hmac_sha384", "HMAC_SHA2_384", 384), ("hmac_sha512", "HMAC_SHA2_512", 512),
        ("aes_cmac", "AES_CMAC", 128)]
SIGNATURES = [("rsa_signature_2048_sha256", "pkcs1", 2),
              ("rsa_pss_2048_sha256_mgf1_32", "pss", 2), ("rsa_pss_2048_sha256_mgf1_0", "pss0", 2),
              ("ecdsa_secp256r1_sha256", "ecdsa", 2), ("ecdsa_secp256r1_sha256_p1363", "raw", 2),
              ("ecdsa_secp384r1_sha384_p1363", "raw", 3), ("ecdsa_secp521r1_sha512_p1363", "raw", 4),
              ("eddsa", "eddsa", 5), ("ed448", "eddsa", 5)]
CURVES = [("x25519", "X25519", 32), ("x448", "X448", 56), ("ecdh_secp256r1_ecpoint", "ECP256", 32),
          ("ecdh_secp384r1_ecpoint", "ECP384", 48), ("ecdh_secp521r1_ecpoint", "ECP521", 66)]
HEAD = """# Project Wycheproof (Google, Apache-2.0), testvectors of revision
# eb35c25e05d17dc05fdf42f40ff4cbb3a959c096, taken over by extract.py. v: valid, i: invalid; the
# number is Wycheproof's tcId, - an empty string.
"""


def groups(folder, name):
    with open(f"{folder}/{name}_test.json", encoding="ascii") as f:
        return json.load(f)["testGroups"]


def line(test, verdict, *fields):
    return " ".join([verdict, str(test["tcId"]), *(f or "-" for f in fields)])


def aeads(folder):
    """alg NAME KEYBITS; verdict id key-with-salt iv aad plain cipher icv"""
    for name, alg, iv, tag, salt in AEADS:
        for g in groups(folder, name):
            tests = [t for t in g["tests"] if t["result"] in VERDICT]
            if g["ivSize"] != iv or g["tagSize"] != tag or not tests:
                continue
            yield f"alg {alg} {g['keySize']}"
            for t in tests:
                yield line(t, VERDICT[t["result"]], t["key"] + t["iv"][:2 * salt],
                           t["iv"][2 * salt:], t["aad"], t["msg"], t["ct"], t["tag"])


def macs(folder):
    """alg NAME; verdict id key data mac"""
    for name, alg, bits in MACS:
        yield f"alg {alg}"
        for g in groups(folder, name):
            if g["tagSize"] != bits or (alg == "AES_CMAC" and g["keySize"] != 128):
                continue
            for t in g["tests"]:
                if t["result"] in VERDICT:
                    yield line(t, VERDICT[t["result"]], t["key"], t["msg"], t["tag"])


def signatures(folder):
    """key SCHEME HASH SPKI; verdict id message signature"""
    for name, scheme, hash_id in SIGNATURES:
        for g in groups(folder, name):
            tests = [t for t in g["tests"] if t["result"] in VERDICT]
            if scheme == "pss0":  # RFC 7427 wants the salt as long as the hash: all are refused
                tests = [{**t, "result": "invalid"} for t in tests if t["result"] == "valid"]
            if not tests:
                continue
            yield f"key {scheme.rstrip('0')} {hash_id} {g['keyDer']}"
            for t in tests:
                yield line(t, VERDICT[t["result"]], t["msg"], t["sig"])


def curves(folder):
    """group NAME; verdict id private public shared. RFC 8031 s3.2: a secret of zeros is refused."""
    for name, alg, octets in CURVES:
        yield f"group {alg}"
        for g in groups(folder, name):
            for t in g["tests"]:
                private, public, shared = t["private"], t["public"], t["shared"]
                if alg.startswith("ECP"):
                    if t["result"] == "acceptable" or public[:2] in ("02", "03"):
                        continue
                    private = private.lstrip("0").zfill(2 * octets)
                    public = public[2:] if public[:2] == "04" else public
                    verdict = VERDICT[t["result"]]
                else:
                    if len(private) != 2 * octets:
                        continue
                    verdict = "v" if shared.strip("0") and len(public) == 2 * octets else "i"
                yield line(t, verdict, private, public, shared if verdict == "v" else "")


def main():
    for name, lines in (("aead", aeads), ("mac", macs), ("sign", signatures), ("ke", curves)):
        with open(f"{HERE}/{name}.txt", "w", encoding="ascii") as f:
            f.write(HEAD + f"# {lines.__doc__}\n")
            f.write("\n".join(lines(sys.argv[1])) + "\n")


if __name__ == "__main__":
    main()
