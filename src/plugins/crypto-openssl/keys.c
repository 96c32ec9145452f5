/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public and private keys: an EVP_PKEY of a type that IKE can use, with an atomic count of users,
 * since worker jobs hold keys too.
 *
 * Standards: RFC 3110 s2, RFC 5280 s4.1.2.7, RFC 8017, RFC 5915, RFC 5958.
 */
#include "crypto-openssl.h"

#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include <stdlib.h>
#include <string.h>

#include "rsa.h"

#define MAX_FILE_OCTETS (1 << 24)

ms_err openssl_fail(struct ms_why *why, ms_err err, const char *what)
{
	unsigned long first = ERR_get_error();
	const char *reason = first != 0 ? ERR_reason_error_string(first) : NULL;

	ERR_clear_error();
	return ms_fail(
		why, err, "%s: %s", what, reason != NULL ? reason : "OpenSSL gives no reason");
}

/* --- types ----------------------------------------------------------------------------------- */

static const struct {
	const char *name; /* OpenSSL's key type */
	enum ms_key_type type;
} key_types[] = {
	{ "RSA", MS_KEY_RSA },
	{ "RSA-PSS", MS_KEY_RSA }, /* RFC 4055 s1.2: signs with PSS only, which is tried first */
	{ "EC", MS_KEY_ECDSA },
	{ "ED25519", MS_KEY_ED25519 },
	{ "ED448", MS_KEY_ED448 },
};

static ms_err classify(const EVP_PKEY *pkey, enum ms_key_type *type, struct ms_why *why)
{
	char curve[32] = "";
	unsigned i;

	for (i = 0; i < sizeof key_types / sizeof key_types[0]; i++)
		if (EVP_PKEY_is_a(pkey, key_types[i].name))
			break;
	if (i == sizeof key_types / sizeof key_types[0])
		return ms_fail(why, MS_ERR_BAD_KEY,
			"keys of type %s are not used; wanted RSA, ECDSA, Ed25519 or Ed448",
			EVP_PKEY_get0_type_name(pkey));
	*type = key_types[i].type;
	if (*type == MS_KEY_RSA)
		return rsa_public_check(pkey, why);
	if (*type != MS_KEY_ECDSA)
		return MS_OK;
	EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME, curve, sizeof curve, NULL);
	/* RFC 7427 and RFC 4754 know these three */
	if (strcmp(curve, "prime256v1") != 0 && strcmp(curve, "secp384r1") != 0 &&
		strcmp(curve, "secp521r1") != 0)
		return ms_fail(why, MS_ERR_BAD_KEY,
			"ECDSA keys on curve %s are not used; wanted P-256, P-384 or P-521",
			curve[0] != '\0' ? curve : "(explicit parameters)");
	return MS_OK;
}

/* struct ms_pubkey and struct ms_privkey have the same members on purpose. */
/* clang-format off */
#define KEY_NEW(name, kind)                                                                        \
	ms_err name(struct kind **out, EVP_PKEY *pkey, struct ms_why *why)                         \
	{                                                                                          \
		struct kind *key;                                                                  \
		enum ms_key_type type = 0;                                                         \
		ms_err err = classify(pkey, &type, why);                                           \
                                                                                                   \
		if (err == MS_OK && (key = malloc(sizeof *key)) == NULL)                           \
			err = MS_ERR_NOMEM;                                                        \
		if (err != MS_OK) {                                                                \
			EVP_PKEY_free(pkey);                                                       \
			ERR_clear_error();                                                         \
			return err;                                                                \
		}                                                                                  \
		atomic_init(&key->refs, 1);                                                        \
		key->type = type;                                                                  \
		key->bits = (unsigned)EVP_PKEY_get_bits(pkey);                                     \
		key->pkey = pkey;                                                                  \
		atomic_init(&key->known, NULL);                                                    \
		*out = key;                                                                        \
		return MS_OK;                                                                      \
	}
KEY_NEW(pubkey_new, ms_pubkey)
KEY_NEW(privkey_new, ms_privkey)
/* clang-format on */

static void forget_spki(struct ms_pubkey *key)
{
	free(atomic_load_explicit(&key->known, memory_order_acquire));
}

/* The last user's writes must be seen before the key goes: release on the way down, acquire last.
 */
/* clang-format off */
#define KEY_COUNT(ref, unref, kind, forget)                                                        \
	static struct kind *ref(struct kind *key)                                                  \
	{                                                                                          \
		atomic_fetch_add_explicit(&key->refs, 1, memory_order_relaxed);                    \
		return key;                                                                        \
	}                                                                                          \
	static void unref(struct kind **key)                                                       \
	{                                                                                          \
		if (*key != NULL &&                                                                \
			atomic_fetch_sub_explicit(&(*key)->refs, 1, memory_order_acq_rel) == 1) {  \
			forget(*key);                                                              \
			EVP_PKEY_free((*key)->pkey);                                               \
			free(*key);                                                                \
		}                                                                                  \
		*key = NULL;                                                                       \
	}
KEY_COUNT(pubkey_ref, pubkey_free, ms_pubkey, forget_spki)

static void forget_public(struct ms_privkey *key)
{
	struct ms_pubkey *pub = atomic_load_explicit(&key->known, memory_order_acquire);

	pubkey_free(&pub);
}
KEY_COUNT(privkey_ref, privkey_free, ms_privkey, forget_public)
/* clang-format on */

/* Keeps the encoding; what is known already stays.  NULL: out of memory. */
static const struct key_octets *know_spki(struct ms_pubkey *key, struct ms_bytes der)
{
	struct key_octets *known = malloc(sizeof *known + der.len), *none = NULL;

	if (known == NULL)
		return NULL;
	known->len = der.len;
	memcpy(known->octets, der.ptr, der.len);
	if (!atomic_compare_exchange_strong(&key->known, &none, known)) {
		free(known);
		known = none;
	}
	return known;
}

/* --- reading --------------------------------------------------------------------------------- */

ms_err pubkey_from_spki(struct ms_pubkey **out, struct ms_bytes der, struct ms_why *why)
{
	const uint8_t *p = der.ptr;
	EVP_PKEY *pkey;

	ms_err err;

	if (der.len > 64 * 1024)
		return ms_fail(why, MS_ERR_BAD_KEY, "public key of %zu octets", der.len);
	pkey = spki_read(der);
	if (pkey != NULL) {
		err = pubkey_new(out, pkey, why);
		if (err == MS_OK)
			(void)know_spki(*out, der);
		return err;
	}
	pkey = d2i_PUBKEY(NULL, &p, (long)der.len);
	if (pkey == NULL)
		return openssl_fail(why, MS_ERR_BAD_KEY, "not a SubjectPublicKeyInfo");
	if (p != der.ptr + der.len) {
		EVP_PKEY_free(pkey);
		return ms_fail(why, MS_ERR_BAD_KEY, "%zu octets after the SubjectPublicKeyInfo",
			(size_t)(der.ptr + der.len - p));
	}
	return pubkey_new(out, pkey, why);
}

/* Tries DER and PEM, and all the structures that OpenSSL knows for private keys. */
static EVP_PKEY *decode(struct ms_bytes octets, struct ms_bytes passphrase)
{
	const uint8_t *p = octets.ptr;
	size_t left = octets.len;
	EVP_PKEY *pkey = NULL;
	OSSL_DECODER_CTX *d = OSSL_DECODER_CTX_new_for_pkey(
		&pkey, NULL, NULL, NULL, EVP_PKEY_KEYPAIR, NULL, NULL);
	static const uint8_t empty[1];

	/* An empty passphrase too: without one OpenSSL could ask the terminal. */
	if (d != NULL && OSSL_DECODER_CTX_set_passphrase(d,
				 passphrase.len > 0 ? passphrase.ptr : empty, passphrase.len) == 1)
		(void)OSSL_DECODER_from_data(d, &p, &left);
	OSSL_DECODER_CTX_free(d);
	return pkey;
}

static bool contains(struct ms_bytes in, const char *words)
{
	return in.len > 0 && memmem(in.ptr, in.len, words, strlen(words)) != NULL;
}

/* RFC 5958 s3: a key that only its passphrase opens. */
static bool is_encrypted(struct ms_bytes octets)
{
	const uint8_t *p = octets.ptr;
	X509_SIG *sealed = octets.len < MAX_FILE_OCTETS ? d2i_X509_SIG(NULL, &p, (long)octets.len)
							: NULL;

	X509_SIG_free(sealed);
	return sealed != NULL || contains(octets, "ENCRYPTED");
}

/* NULL: no PKCS#12 file, or no key comes out of it, and *refused says why. */
static EVP_PKEY *decode_p12(
	struct ms_bytes octets, struct ms_bytes passphrase, const char **refused)
{
	const uint8_t *p = octets.ptr;
	PKCS12 *p12 = octets.len > 0 && octets.len < MAX_FILE_OCTETS ?
			      d2i_PKCS12(NULL, &p, (long)octets.len) : NULL;
	EVP_PKEY *pkey = NULL;
	X509 *cert = NULL;
	char text[256];

	if (p12 != NULL && passphrase.len < sizeof text) {
		if (passphrase.len > 0)
			memcpy(text, passphrase.ptr, passphrase.len);
		text[passphrase.len] = '\0';
		*refused = "the passphrase does not open the PKCS#12 file, or it has no key";
		if (PKCS12_parse(p12, text, &pkey, &cert, NULL) != 1 &&
			PKCS12_mac_present(p12) == 1 && PKCS12_verify_mac(p12, text, -1) == 1)
			*refused = "the passphrase is right, but the PKCS#12 file is encrypted with "
				   "what OpenSSL has put aside (RC2?): make it anew, with AES";
		ms_wipe(text, sizeof text);
	}
	X509_free(cert);
	PKCS12_free(p12);
	return pkey;
}

ms_err privkey_from_file_octets(struct ms_privkey **out, struct ms_bytes octets,
	struct ms_bytes passphrase, struct ms_why *why)
{
	EVP_PKEY *pkey = decode(octets, passphrase);
	BIGNUM *secret = NULL;
	bool is_private = false;
	uint8_t raw[64];
	size_t len = sizeof raw;

	if (pkey == NULL) {
		const char *refused = NULL;

		pkey = decode_p12(octets, passphrase, &refused);
		if (pkey == NULL && refused != NULL) {
			ERR_clear_error();
			return ms_fail(why, MS_ERR_BAD_KEY, "%s", refused);
		}
	}
	if (pkey == NULL && is_encrypted(octets)) {
		ERR_clear_error();
		return ms_fail(why, MS_ERR_BAD_KEY,
			passphrase.len > 0
				? "the passphrase does not open the private key"
				: "the private key is encrypted and no passphrase is given");
	}
	if (pkey == NULL && contains(octets, "BEGIN CERTIFICATE")) {
		ERR_clear_error();
		return ms_fail(why, MS_ERR_BAD_KEY, "a certificate, not a private key");
	}
	if (pkey == NULL)
		return openssl_fail(
			why, MS_ERR_BAD_KEY, "not a private key in PKCS#1, SEC1 or PKCS#8 form");
	if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_D, &secret) == 1 ||
		EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &secret) == 1 ||
		EVP_PKEY_get_raw_private_key(pkey, raw, &len) == 1)
		is_private = true;
	BN_clear_free(secret);
	ms_wipe(raw, sizeof raw);
	ERR_clear_error();
	if (!is_private) {
		EVP_PKEY_free(pkey);
		return ms_fail(why, MS_ERR_BAD_KEY, "a public key, not a private one");
	}
	return privkey_new(out, pkey, why);
}

/* --- small questions ------------------------------------------------------------------------- */

/* Encoded once, by whoever is first; NULL: it cannot be. */
static const struct key_octets *spki_of(const struct ms_pubkey *key)
{
	struct ms_pubkey *k = (struct ms_pubkey *)(uintptr_t)key; /* it only gets to know itself */
	const struct key_octets *known = atomic_load_explicit(&k->known, memory_order_acquire);
	uint8_t *der = NULL;
	int len;

	if (known != NULL)
		return known;
	len = i2d_PUBKEY(key->pkey, &der);
	if (len <= 0) {
		ERR_clear_error();
		return NULL;
	}
	known = know_spki(k, ms_bytes(der, (size_t)len));
	OPENSSL_free(der);
	return known;
}

static ms_err pubkey_of(struct ms_pubkey **out, const struct ms_privkey *priv)
{
	struct ms_privkey *k = (struct ms_privkey *)(uintptr_t)priv;
	struct ms_pubkey *pub = atomic_load_explicit(&k->known, memory_order_acquire), *none = NULL;
	uint8_t *der = NULL;
	ms_err err;
	int len;

	if (pub == NULL) {
		len = i2d_PUBKEY(priv->pkey, &der);
		if (len <= 0)
			return openssl_fail(NULL, MS_ERR_CRYPTO, "public part");
		/* through its encoding: a public key must not keep the private part alive */
		err = pubkey_from_spki(&pub, ms_bytes(der, (size_t)len), NULL);
		OPENSSL_free(der);
		if (err != MS_OK)
			return err;
		if (!atomic_compare_exchange_strong(&k->known, &none, pub)) {
			pubkey_free(&pub);
			pub = none;
		}
	}
	*out = pubkey_ref(pub);
	return MS_OK;
}

static enum ms_key_type pubkey_type(const struct ms_pubkey *key)
{
	return key->type;
}

static unsigned pubkey_bits(const struct ms_pubkey *key)
{
	return key->bits;
}

static size_t pubkey_to_spki(const struct ms_pubkey *key, uint8_t *buf, size_t size)
{
	const struct key_octets *spki = spki_of(key);

	if (spki == NULL)
		return 0;
	if (spki->len <= size)
		memcpy(buf, spki->octets, spki->len);
	return spki->len;
}

/* One key has one encoding, but for points that somebody compressed. */
static bool pubkey_eq(const struct ms_pubkey *a, const struct ms_pubkey *b)
{
	const struct key_octets *x = spki_of(a), *y = spki_of(b);
	bool eq;

	if (a->type != b->type || a->bits != b->bits)
		return false;
	if (x != NULL && y != NULL && x->len == y->len && memcmp(x->octets, y->octets, x->len) == 0)
		return true;
	eq = EVP_PKEY_eq(a->pkey, b->pkey) == 1;
	ERR_clear_error();
	return eq;
}

const struct ms_sign_ops sign_ops = {
	.pubkey_from_rfc3110 = pubkey_from_rfc3110,
	.pubkey_from_spki = pubkey_from_spki,
	.privkey_from_rsa = privkey_from_rsa,
	.privkey_from_file_octets = privkey_from_file_octets,
	.pubkey_of = pubkey_of,
	.pubkey_type = pubkey_type,
	.pubkey_bits = pubkey_bits,
	.pubkey_to_spki = pubkey_to_spki,
	.pubkey_eq = pubkey_eq,
	.pubkey_ref = pubkey_ref,
	.pubkey_free = pubkey_free,
	.privkey_ref = privkey_ref,
	.privkey_free = privkey_free,
	.sign = sign_parts,
	.verify = verify_parts,
};
