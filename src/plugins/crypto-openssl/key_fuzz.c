/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target of what reads keys and signatures that others wrote: RFC 3110 blobs (DNS,
 * ipsec.conf), SubjectPublicKeyInfo, private key files, and signatures of the known keys.  The
 * first octet picks the reader.  A public key that is taken must encode, read back and be equal; no
 * made-up signature may pass; what is refused must have a reason.
 */
#include "plugins/crypto-openssl/crypto-openssl.h"

#include "lib/crypto/kat.h"
#include "fuzz/fuzz.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

/* One key in every form that the readers take: SubjectPublicKeyInfo, PKCS#8, SEC1 or PKCS#1, PKCS#12.
 * None is encrypted: how often a passphrase is hashed stands in the file, and a million times is slow. */
static int encode(unsigned i, EVP_PKEY *key, uint8_t **der)
{
	PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(key);
	PKCS12 *p12 = NULL;
	X509 *cert = NULL;
	int len = 0;

	if (i == 0) {
		len = i2d_PUBKEY(key, der);
	} else if (i == 1) {
		len = i2d_PKCS8_PRIV_KEY_INFO(p8, der);
	} else if (i == 2) {
		len = i2d_PrivateKey(key, der);
	} else {
		cert = X509_new();
		if (cert != NULL && X509_set_pubkey(cert, key) && X509_sign(cert, key, EVP_sha256()))
			p12 = PKCS12_create(NULL, "k", key, cert, NULL, -1, -1, 1, -1, 0);
		len = p12 != NULL ? i2d_PKCS12(p12, der) : 0;
	}
	PKCS8_PRIV_KEY_INFO_free(p8);
	PKCS12_free(p12);
	X509_free(cert);
	return len;
}

size_t fuzz_seed(unsigned i, uint8_t *out, size_t cap)
{
	EVP_PKEY *key;
	uint8_t *der = NULL;
	int len;

	if (i >= 8)
		return 0;
	key = i < 4 ? EVP_EC_gen("P-256") : EVP_RSA_gen(1024);
	len = encode(i % 4, key, &der);
	EVP_PKEY_free(key);
	ERR_clear_error();
	out[0] = i % 4 == 0 ? 1 : 2; /* which reader */
	if (len > 0 && (size_t)len < cap)
		memcpy(out + 1, der, (size_t)len);
	else
		len = 0;
	OPENSSL_free(der);
	return 1 + (size_t)len;
}

static void check_pubkey(struct ms_pubkey *key, ms_err err, const struct ms_why *why)
{
	static uint8_t der[8192];
	struct ms_pubkey *again = NULL;
	size_t len;

	MUST((err == MS_OK) == (key != NULL));
	if (err != MS_OK) {
		MUST(why->text[0] != '\0');
		return;
	}
	MUST(sign_ops.pubkey_bits(key) > 0);
	len = sign_ops.pubkey_to_spki(key, der, sizeof der);
	MUST(len > 0 && len <= sizeof der);
	MUST(sign_ops.pubkey_from_spki(&again, ms_bytes(der, len), NULL) == MS_OK);
	MUST(sign_ops.pubkey_eq(key, again));
	sign_ops.pubkey_free(&again);
	sign_ops.pubkey_free(&key);
}

/* The same text, any signature but the known one. */
static void check_signature(unsigned row, const uint8_t *data, size_t size)
{
	/* "hash" of a text that nobody signed */
	const struct ms_bytes text = ms_bytes("not what was signed", 19);
	const struct kat_sign *known = &kat_sign_rows[row % kat_sign_count];
	struct ms_pubkey *key = NULL;
	uint8_t spki[512];

	MUST(sign_ops.pubkey_from_spki(
		     &key, ms_bytes(spki, kat_hex(known->spki, spki, sizeof spki)), NULL) == MS_OK);
	MUST(sign_ops.verify(key, (enum ms_sign_scheme)known->scheme, known->hash, &text, 1,
		     ms_bytes(data, size)) != MS_OK);
	sign_ops.pubkey_free(&key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ms_privkey *priv = NULL;
	struct ms_pubkey *key = NULL;
	struct ms_why why = { "" };
	ms_err err;

	if (size < 1)
		return 0;
	switch (data[0] % 4) {
	case 0:
		err = sign_ops.pubkey_from_rfc3110(&key, ms_bytes(data + 1, size - 1), &why);
		check_pubkey(key, err, &why);
		break;
	case 1:
		err = sign_ops.pubkey_from_spki(&key, ms_bytes(data + 1, size - 1), &why);
		check_pubkey(key, err, &why);
		break;
	case 2:
		err = sign_ops.privkey_from_file_octets(
			&priv, ms_bytes(data + 1, size - 1), ms_bytes(NULL, 0), &why);
		MUST((err == MS_OK) == (priv != NULL));
		MUST(err == MS_OK || why.text[0] != '\0');
		sign_ops.privkey_free(&priv);
		break;
	default:
		check_signature(data[0] / 4, data + 1, size - 1);
	}
	return 0;
}
