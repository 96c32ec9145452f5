/* SPDX-License-Identifier: Apache-2.0 */
/* Host keys that libcrypto makes and reads: ECDSA, EdDSA, and RSA in key files. */
#include "tools/hostkey.h"

#include <modswan/text.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <string.h>

static ms_err fail(struct ms_why *why, ms_err err, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return ms_fail(
		why, err, "%s%s%s", what, reason != NULL ? ": " : "", reason != NULL ? reason : "");
}

static enum hostkey_kind kind_of(const EVP_PKEY *pkey)
{
	static const struct {
		const char *name;
		enum hostkey_kind kind;
	} kinds[] = { { "RSA", HOSTKEY_RSA }, { "EC", HOSTKEY_ECDSA },
		{ "ED25519", HOSTKEY_ED25519 }, { "ED448", HOSTKEY_ED448 } };

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (EVP_PKEY_is_a(pkey, kinds[i].name))
			return kinds[i].kind;
	return HOSTKEY_OTHER;
}

static struct ms_bytes octets_of(const EVP_PKEY *pkey, const char *param)
{
	BIGNUM *bn = NULL;
	uint8_t *octets;
	size_t len;

	if (EVP_PKEY_get_bn_param(pkey, param, &bn) != 1)
		return ms_bytes(NULL, 0);
	len = (size_t)BN_num_bytes(bn);
	octets = tool_alloc(len + 1);
	BN_bn2bin(bn, octets);
	BN_free(bn);
	return ms_bytes(octets, len);
}

static ms_err describe(struct hostkey *k, EVP_PKEY *pkey, struct ms_why *why)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(pkey, &der);
	uint8_t *copy;

	k->kind = kind_of(pkey);
	k->bits = (unsigned)EVP_PKEY_get_bits(pkey);
	if (len <= 0)
		return fail(why, MS_ERR_CRYPTO, "cannot write the public key");
	copy = tool_alloc((size_t)len);
	memcpy(copy, der, (size_t)len);
	OPENSSL_free(der);
	k->spki = ms_bytes(copy, (size_t)len);
	if (k->kind == HOSTKEY_OTHER)
		return ms_fail(why, MS_ERR_UNSUPPORTED, "a key of an unknown kind");
	if (k->kind == HOSTKEY_RSA)
		k->blob = rsa_blob(octets_of(pkey, OSSL_PKEY_PARAM_RSA_E),
			octets_of(pkey, OSSL_PKEY_PARAM_RSA_N));
	return MS_OK;
}

/* Signs with the private half and verifies with what the public half was written as. */
static bool proves_itself(EVP_PKEY *pkey, const struct hostkey *k)
{
	static const unsigned char words[] = "a host key that was just made";
	const EVP_MD *md = k->kind == HOSTKEY_ECDSA ? EVP_sha256() : NULL;
	const unsigned char *der = k->spki.ptr;
	EVP_PKEY *pub = d2i_PUBKEY(NULL, &der, (long)k->spki.len);
	EVP_MD_CTX *s = EVP_MD_CTX_new(), *v = EVP_MD_CTX_new();
	unsigned char sig[256];
	size_t len = sizeof sig;
	bool ok;

	ok = pub != NULL && s != NULL && v != NULL &&
	     EVP_DigestSignInit(s, NULL, md, NULL, pkey) == 1 &&
	     EVP_DigestSign(s, sig, &len, words, sizeof words) == 1 &&
	     EVP_DigestVerifyInit(v, NULL, md, NULL, pub) == 1 &&
	     EVP_DigestVerify(v, sig, len, words, sizeof words) == 1;
	EVP_MD_CTX_free(s);
	EVP_MD_CTX_free(v);
	EVP_PKEY_free(pub);
	return ok;
}

static ms_err write_pem(struct text *pem, EVP_PKEY *pkey, struct ms_why *why)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	char *data = NULL;
	ms_err err = MS_OK;
	long len = 0;

	if (bio == NULL || PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) != 1)
		err = fail(why, MS_ERR_CRYPTO, "cannot write the private key");
	else if ((len = BIO_get_mem_data(bio, &data)) > 0)
		text_add(pem, "%.*s", (int)len, data);
	BIO_free(bio); /* which wipes it */
	return err;
}

ms_err pkey_make(struct text *pem, struct hostkey *k, const char *curve, struct ms_why *why)
{
	EVP_PKEY *pkey =
		curve != NULL ? EVP_EC_gen(curve) : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	ms_err err;

	if (pkey == NULL)
		return fail(why, MS_ERR_CRYPTO, "cannot make the key");
	err = describe(k, pkey, why);
	if (err == MS_OK && !proves_itself(pkey, k))
		err = fail(why, MS_ERR_CRYPTO, "the key that was made does not work");
	if (err == MS_OK)
		err = write_pem(pem, pkey, why);
	EVP_PKEY_free(pkey);
	return err;
}

/* Without a passphrase none is asked for on the terminal. */
static int give_passphrase(char *buf, int size, int writing, void *arg)
{
	const char *passphrase = arg;
	size_t len = passphrase == NULL ? 0 : strlen(passphrase);

	(void)writing;
	if (len == 0 || len > (size_t)size)
		return -1;
	memcpy(buf, passphrase, len);
	return (int)len;
}

ms_err pkey_public(
	struct hostkey *k, struct ms_bytes octets, const char *passphrase, struct ms_why *why)
{
	BIO *bio = BIO_new_mem_buf(octets.ptr, (int)octets.len);
	EVP_PKEY *pkey = NULL;
	ms_err err;

	if (bio != NULL)
		pkey = PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, (void *)passphrase);
	BIO_free(bio);
	if (pkey == NULL && (bio = BIO_new_mem_buf(octets.ptr, (int)octets.len)) != NULL) {
		ERR_clear_error();
		pkey = d2i_PrivateKey_bio(bio, NULL);
		BIO_free(bio);
	}
	if (pkey == NULL)
		return fail(why, MS_ERR_BAD_KEY, "no private key can be read");
	err = describe(k, pkey, why);
	EVP_PKEY_free(pkey);
	return err;
}

bool pkey_ckaid(const struct hostkey *k, uint8_t out[MS_CKAID_OCTETS])
{
	struct ms_bytes input = { NULL, 0 };
	struct ms_rsa_blob view;
	size_t len = 0;

	if (k->blob.ptr == NULL) {
		if (!ms_ckaid_input(k->spki, &input))
			return false;
	} else if (ms_rsa_blob_split(&view, k->blob.ptr, k->blob.len, NULL) == MS_OK) {
		input = ms_bytes(view.n, view.n_octets);
	}
	return input.ptr != NULL &&
	       EVP_Q_digest(NULL, "SHA1", NULL, input.ptr, input.len, out, &len) == 1;
}
