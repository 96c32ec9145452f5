/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures.  Parts are hashed with md.c, so that RSA and ECDSA sign a digest; EdDSA signs the
 * joined message.
 *
 * Standards: RFC 8017 s8 (PKCS#1 v1.5, PSS), RFC 7427, RFC 4754, RFC 8032, RFC 8420.
 */
#include "crypto-openssl.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include <stdlib.h>
#include <string.h>

static const struct {
	enum ms_sign_scheme scheme;
	bool rsa, ecdsa, eddsa;
} fits[] = {
	[MS_SIGN_RSA_PKCS1] = { MS_SIGN_RSA_PKCS1, .rsa = true },
	[MS_SIGN_RSA_PSS] = { MS_SIGN_RSA_PSS, .rsa = true },
	[MS_SIGN_ECDSA] = { MS_SIGN_ECDSA, .ecdsa = true },
	[MS_SIGN_ECDSA_RAW] = { MS_SIGN_ECDSA_RAW, .ecdsa = true },
	[MS_SIGN_EDDSA] = { MS_SIGN_EDDSA, .eddsa = true },
};

static bool scheme_fits(enum ms_key_type type, enum ms_sign_scheme scheme)
{
	if ((unsigned)scheme >= sizeof fits / sizeof fits[0])
		return false;
	if (type == MS_KEY_RSA)
		return fits[scheme].rsa;
	return type == MS_KEY_ECDSA ? fits[scheme].ecdsa : fits[scheme].eddsa;
}

/* A context for one digest, scheme and hash set; NULL: OpenSSL refuses the combination. */
static EVP_PKEY_CTX *digest_ctx(
	EVP_PKEY *pkey, enum ms_sign_scheme scheme, const struct md *md, bool sign)
{
	EVP_PKEY_CTX *x = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	int padding = scheme == MS_SIGN_RSA_PSS ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, (char *)md->name, 0),
		OSSL_PARAM_construct_end(),
	};
	bool ok = x != NULL && (sign ? EVP_PKEY_sign_init(x) : EVP_PKEY_verify_init(x)) == 1;

	if (ok && (scheme == MS_SIGN_RSA_PSS || scheme == MS_SIGN_RSA_PKCS1))
		ok = EVP_PKEY_CTX_set_rsa_padding(x, padding) == 1;
	ok = ok && EVP_PKEY_CTX_set_params(x, params) == 1;
	/* RFC 7427 appendix A.4: salt as long as the hash, MGF1 with the same hash, which a key of RFC
	 * 4055 may forbid */
	if (ok && scheme == MS_SIGN_RSA_PSS)
		ok = EVP_PKEY_CTX_set_rsa_mgf1_md_name(x, md->name, NULL) == 1 &&
		     EVP_PKEY_CTX_set_rsa_pss_saltlen(x, RSA_PSS_SALTLEN_DIGEST) == 1;
	if (!ok) {
		EVP_PKEY_CTX_free(x);
		return NULL;
	}
	return x;
}

/* RFC 4754 s3: r and s, each as long as the curve's order. */
static ms_err ecdsa_to_raw(
	const uint8_t *der, size_t der_len, unsigned bits, uint8_t *out, size_t *len_r)
{
	int half = (int)(bits + 7) / 8;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)der_len);
	ms_err err = MS_ERR_CRYPTO;

	if (*len_r < (size_t)half * 2)
		err = MS_ERR_SPACE;
	else if (sig != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, half) == half &&
		 BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + half, half) == half)
		err = MS_OK;
	*len_r = (size_t)half * 2;
	ECDSA_SIG_free(sig);
	return err;
}

/* 0: not a pair for this curve. */
static size_t ecdsa_from_raw(struct ms_bytes raw, unsigned bits, uint8_t *der, size_t size)
{
	size_t half = (bits + 7) / 8;
	BIGNUM *r, *s;
	ECDSA_SIG *sig;
	int len = 0;

	if (raw.len != 2 * half)
		return 0;
	sig = ECDSA_SIG_new();
	r = BN_bin2bn(raw.ptr, (int)half, NULL);
	s = BN_bin2bn(raw.ptr + half, (int)half, NULL);
	if (sig == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(sig, r, s) != 1) {
		BN_free(r);
		BN_free(s);
	} else {
		len = i2d_ECDSA_SIG(sig, NULL);
		if (len > 0 && (size_t)len <= size)
			len = i2d_ECDSA_SIG(sig, &der);
		else
			len = 0;
	}
	ECDSA_SIG_free(sig);
	return len > 0 ? (size_t)len : 0;
}

/* --- EdDSA: the whole message at once -------------------------------------------------------- */

static uint8_t *join(const struct ms_bytes *parts, unsigned n, size_t *len_r)
{
	uint8_t *all;
	size_t len = 0;
	unsigned i;

	for (i = 0; i < n; i++)
		len += parts[i].len;
	all = malloc(len > 0 ? len : 1);
	*len_r = 0;
	for (i = 0; all != NULL && i < n; i++) {
		if (parts[i].len > 0)
			memcpy(all + *len_r, parts[i].ptr, parts[i].len);
		*len_r += parts[i].len;
	}
	return all;
}

static ms_err eddsa_sign(
	EVP_PKEY *pkey, const struct ms_bytes *parts, unsigned n, uint8_t *out, size_t *len_r)
{
	size_t len;
	uint8_t *all = join(parts, n, &len);
	EVP_MD_CTX *x = EVP_MD_CTX_new();
	bool ok = all != NULL && x != NULL &&
		  EVP_DigestSignInit_ex(x, NULL, NULL, NULL, NULL, pkey, NULL) == 1 &&
		  EVP_DigestSign(x, out, len_r, all, len) == 1;

	EVP_MD_CTX_free(x);
	free(all);
	return ok ? MS_OK : MS_ERR_CRYPTO;
}

static ms_err eddsa_verify(
	EVP_PKEY *pkey, const struct ms_bytes *parts, unsigned n, struct ms_bytes signature)
{
	size_t len;
	uint8_t *all = join(parts, n, &len);
	EVP_MD_CTX *x = EVP_MD_CTX_new();
	ms_err err = MS_ERR_CRYPTO;

	if (all != NULL && x != NULL &&
		EVP_DigestVerifyInit_ex(x, NULL, NULL, NULL, NULL, pkey, NULL) == 1)
		err = EVP_DigestVerify(x, signature.ptr, signature.len, all, len) == 1
			      ? MS_OK
			      : MS_ERR_AUTH;
	EVP_MD_CTX_free(x);
	free(all);
	return err;
}

/* --- the two doors --------------------------------------------------------------------------- */

static ms_err digest_sign(const struct ms_privkey *key, enum ms_sign_scheme scheme,
	const struct md *md, const struct ms_bytes *parts, unsigned n, uint8_t *out, size_t *len_r)
{
	EVP_PKEY_CTX *x = digest_ctx(key->pkey, scheme, md, true);
	uint8_t digest[MS_MAX_HASH_OCTETS], der[MS_MAX_SIGNATURE_OCTETS];
	size_t der_len = sizeof der;
	ms_err err = MS_ERR_CRYPTO;

	if (x == NULL)
		return MS_ERR_UNSUPPORTED;
	md_parts(md, parts, n, digest);
	if (EVP_PKEY_sign(x, der, &der_len, digest, md->out) == 1) {
		if (scheme == MS_SIGN_ECDSA_RAW) {
			err = ecdsa_to_raw(der, der_len, key->bits, out, len_r);
		} else {
			err = *len_r < der_len ? MS_ERR_SPACE : MS_OK;
			if (err == MS_OK)
				memcpy(out, der, der_len);
			*len_r = der_len;
		}
	}
	EVP_PKEY_CTX_free(x);
	return err;
}

ms_err sign_parts(const struct ms_privkey *key, enum ms_sign_scheme scheme, uint16_t hash,
	const struct ms_bytes *parts, unsigned n, uint8_t *out, size_t *len_r)
{
	const struct md *md = md_by_hash(hash);
	ms_err err;

	if (!scheme_fits(key->type, scheme) || (md == NULL && scheme != MS_SIGN_EDDSA))
		return MS_ERR_UNSUPPORTED;
	err = scheme == MS_SIGN_EDDSA ? eddsa_sign(key->pkey, parts, n, out, len_r)
				      : digest_sign(key, scheme, md, parts, n, out, len_r);
	ERR_clear_error();
	return err;
}

static ms_err digest_verify(const struct ms_pubkey *key, enum ms_sign_scheme scheme,
	const struct md *md, const struct ms_bytes *parts, unsigned n, struct ms_bytes signature)
{
	uint8_t digest[MS_MAX_HASH_OCTETS], der[160];
	EVP_PKEY_CTX *x;
	ms_err err;

	if (scheme == MS_SIGN_ECDSA_RAW) {
		size_t len = ecdsa_from_raw(signature, key->bits, der, sizeof der);

		if (len == 0)
			return MS_ERR_AUTH;
		signature = ms_bytes(der, len);
	}
	x = digest_ctx(key->pkey, scheme, md, false);
	if (x == NULL)
		return MS_ERR_CRYPTO;
	md_parts(md, parts, n, digest);
	err = EVP_PKEY_verify(x, signature.ptr, signature.len, digest, md->out) == 1 ? MS_OK
										     : MS_ERR_AUTH;
	EVP_PKEY_CTX_free(x);
	return err;
}

ms_err verify_parts(const struct ms_pubkey *key, enum ms_sign_scheme scheme, uint16_t hash,
	const struct ms_bytes *parts, unsigned n, struct ms_bytes signature)
{
	const struct md *md = md_by_hash(hash);
	ms_err err;

	if (!scheme_fits(key->type, scheme) || (md == NULL && scheme != MS_SIGN_EDDSA))
		return MS_ERR_UNSUPPORTED;
	err = scheme == MS_SIGN_EDDSA ? eddsa_verify(key->pkey, parts, n, signature)
				      : digest_verify(key, scheme, md, parts, n, signature);
	ERR_clear_error();
	return err;
}
