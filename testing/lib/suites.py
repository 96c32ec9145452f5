# SPDX-License-Identifier: Apache-2.0
"""The algorithms of ESP and AH with what the oracles need to know of them."""

# name: (IKEv2 number, octets of key with salt, kind and name in XFRM, bits of ICV)
CIPHERS = {"aes%d-cbc" % bits: (12, bits // 8, "enc", "cbc(aes)", 0) for bits in (128, 192, 256)}
CIPHERS |= {"aes%d-ctr" % bits: (13, bits // 8 + 4, "enc", "rfc3686(ctr(aes))", 0)
            for bits in (128, 192, 256)}
CIPHERS |= {"3des": (3, 24, "enc", "cbc(des3_ede)", 0),
            "null": (11, 0, "enc", "ecb(cipher_null)", 0)}
AEADS = {"aes%d-gcm%d" % (bits, icv): (17 + icv // 4 - 1, bits // 8 + 4, "aead",
                                       "rfc4106(gcm(aes))", icv * 8)
         for bits in (128, 192, 256) for icv in (8, 12, 16)}
AEADS |= {"aes%d-ccm%d" % (bits, icv): (13 + icv // 4 - 1, bits // 8 + 3, "aead",
                                        "rfc4309(ccm(aes))", icv * 8)
          for bits in (128, 192, 256) for icv in (8, 12, 16)}
AEADS["chacha20poly1305"] = (28, 36, "aead", "rfc7539esp(chacha20,poly1305)", 128)
# name: (IKEv2 number, octets of key, name in XFRM, bits of ICV)
MACS = {"md5": (1, 16, "hmac(md5)", 96), "sha1": (2, 20, "hmac(sha1)", 96),
        "xcbc": (5, 16, "xcbc(aes)", 96), "cmac": (8, 16, "cmac(aes)", 96),
        "sha256": (12, 32, "hmac(sha256)", 128), "sha384": (13, 48, "hmac(sha384)", 192),
        "sha512": (14, 64, "hmac(sha512)", 256)}


def key(octets, seed):
    """Not zero, and another one for each SA and purpose. 3DES: three different keys."""
    return bytes((i * 37 + seed * 11 + 5) & 255 for i in range(octets))
