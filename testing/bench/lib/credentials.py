# SPDX-License-Identifier: Apache-2.0
"""Keys and certificates of both sides of the handshake benchmark, made anew for each run."""
import base64
import subprocess

KINDS = {"rsa": ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
         "ecdsa": ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]}
CA = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n"
END = "keyUsage=digitalSignature\nsubjectAltName=DNS:responder\n"


def openssl(*words, text=None):
    return subprocess.run(["openssl", *words], check=True, input=text, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout


class Credentials:
    """A CA, a responder and the initiators' one key of each kind; initiators' certificates are made
    by the load tool."""

    def __init__(self, folder):
        self.folder = folder
        for kind, words in KINDS.items():
            for who in ("ca", "responder", "initiator"):
                openssl("genpkey", "-quiet", "-algorithm", *words, "-out", self.key(who, kind))
            self.sign("ca", kind, CA, "-signkey", self.key("ca", kind))
            self.sign("responder", kind, END, "-CA", self.cert("ca", kind),
                      "-CAkey", self.key("ca", kind))

    def sign(self, who, kind, extensions, *by):
        path = f"{self.folder}/{who}-{kind}"
        with open(f"{path}.ext", "w", encoding="ascii") as f:
            f.write(extensions)
        openssl("req", "-new", "-key", self.key(who, kind), "-subj", f"/CN={who}",
                "-out", f"{path}.csr")
        openssl("x509", "-req", "-in", f"{path}.csr", "-out", self.cert(who, kind), "-days", "2",
                "-set_serial", f"0x{ord(who[0]):x}", *by, "-extfile", f"{path}.ext")

    def key(self, who, kind):
        return f"{self.folder}/{who}-{kind}.key"

    def cert(self, who, kind):
        return f"{self.folder}/{who}-{kind}.pem"

    def public(self, who, kind):
        """0s..., as leftpubkey= wants it."""
        der = openssl("pkey", "-in", self.key(who, kind), "-pubout", "-outform", "DER")
        return "0s" + base64.b64encode(der).decode()

    def for_load(self, case):
        """Words for the load tool."""
        words = ["--key", self.key("initiator", case.kind),
                 "--peer-key", self.public("responder", case.kind)]
        if case.certs:
            words += ["--ca-cert", self.cert("ca", case.kind), "--ca-key", self.key("ca", case.kind)]
        return words
