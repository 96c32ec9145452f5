/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Integrity: HMAC on prepared states (md.c), AES-CMAC, and the list with AES-XCBC (xcbc.c).
 *
 * Standards: RFC 2404, RFC 4868, RFC 4494.
 */
#include "crypto-openssl.h"

#include <openssl/core_names.h>
#include <openssl/err.h>

#include <stdlib.h>
#include <string.h>

/* --- HMAC ------------------------------------------------------------------------------------ */

struct hmac_integ {
	struct ms_integ_alg alg;
	const struct md *md;
};
struct hmac_ctx {
	uint8_t icv_octets;
	struct hmac h;
};

static ms_err hmac_new(const struct ms_integ_alg *alg, void **ctx_r, const uint8_t *key)
{
	struct hmac_ctx *c = calloc(1, sizeof *c);

	if (c == NULL)
		return MS_ERR_NOMEM;
	c->icv_octets = alg->icv_octets;
	hmac_key(&c->h, ((const struct hmac_integ *)alg)->md, ms_bytes(key, alg->key_octets));
	*ctx_r = c;
	return MS_OK;
}

static void hmac_free(void **ctx)
{
	if (*ctx == NULL)
		return;
	ms_wipe(*ctx, sizeof(struct hmac_ctx));
	free(*ctx);
	*ctx = NULL;
}

static void hmac_jobs(void *ctx, struct ms_integ_job *jobs, unsigned n)
{
	const struct hmac_ctx *c = ctx;
	unsigned i;

	for (i = 0; i < n; i++) {
		struct ms_integ_job *j = &jobs[i];
		struct ms_bytes parts[2] = { { j->data, j->data_len }, { j->tail, j->tail_len } };
		uint8_t out[MS_MAX_HASH_OCTETS];

		hmac_parts(&c->h, parts, j->tail != NULL ? 2 : 1, out);
		memcpy(j->icv, out, c->icv_octets);
		j->ok = true;
	}
}

/* --- AES-CMAC -------------------------------------------------------------------------------- */

static EVP_MAC *cmac;

static void cmac_free(void **ctx)
{
	EVP_MAC_CTX_free(*ctx);
	*ctx = NULL;
}

static ms_err cmac_new(const struct ms_integ_alg *alg, void **ctx_r, const uint8_t *key)
{
	char name[] = "AES-128-CBC";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, name, 0),
		OSSL_PARAM_construct_end(),
	};
	void *x;

	if (cmac == NULL)
		return MS_ERR_NO_ALGORITHM;
	x = EVP_MAC_CTX_new(cmac);
	if (x == NULL)
		return MS_ERR_NOMEM;
	if (EVP_MAC_init(x, key, alg->key_octets, params) != 1) {
		cmac_free(&x);
		ERR_clear_error();
		return MS_ERR_CRYPTO;
	}
	*ctx_r = x;
	return MS_OK;
}

static void cmac_jobs(void *ctx, struct ms_integ_job *jobs, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		struct ms_integ_job *j = &jobs[i];
		uint8_t out[16];
		size_t len;

		j->ok = EVP_MAC_init(ctx, NULL, 0, NULL) == 1 &&
			EVP_MAC_update(ctx, j->data, j->data_len) == 1 &&
			(j->tail == NULL || EVP_MAC_update(ctx, j->tail, j->tail_len) == 1) &&
			EVP_MAC_final(ctx, out, &len, sizeof out) == 1;
		if (j->ok)
			memcpy(j->icv, out, 12);
		else
			ERR_clear_error();
	}
}

/* clang-format off */
#define HMAC(iana, text, key, icv, m)                                                              \
	{ { iana, text, key, icv, hmac_new, hmac_free, hmac_jobs }, &m }
static const struct hmac_integ hmacs[] = {
	HMAC(MS_INTEG_HMAC_SHA2_256_128, "HMAC_SHA2_256_128", 32, 16, md_sha256),
	HMAC(MS_INTEG_HMAC_SHA2_384_192, "HMAC_SHA2_384_192", 48, 24, md_sha384),
	HMAC(MS_INTEG_HMAC_SHA2_512_256, "HMAC_SHA2_512_256", 64, 32, md_sha512),
	HMAC(MS_INTEG_HMAC_SHA1_96, "HMAC_SHA1_96", 20, 12, md_sha1),
};
/* clang-format on */
static const struct ms_integ_alg cmac_alg = { MS_INTEG_AES_CMAC_96, "AES_CMAC_96", 16, 12, cmac_new,
	cmac_free, cmac_jobs };

const struct ms_integ_alg *const integ_list[] = { &hmacs[0].alg, &hmacs[1].alg, &hmacs[2].alg,
	&hmacs[3].alg, &cmac_alg, &xcbc_alg, NULL };

ms_err integ_load(struct ms_why *why)
{
	(void)why;
	cmac = EVP_MAC_fetch(NULL, "CMAC", NULL); /* NULL: its test refuses it */
	xcbc_load();
	return MS_OK;
}

void integ_unload(void)
{
	EVP_MAC_free(cmac);
	cmac = NULL;
	xcbc_unload();
}
