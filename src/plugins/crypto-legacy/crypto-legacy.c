/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto-legacy: algorithms for peers that have nothing better.
 *
 * NULL encryption, 3DES-CBC and HMAC-MD5 are not secure, or not secure any more, so this plugin is
 * loaded on demand only; until then the registry says in whose gift they are.  No hurry is made with
 * them either: one packet after the other, by OpenSSL's general interface.
 *
 * Standards: RFC 2410 (NULL), RFC 2451 (3DES-CBC), RFC 2403 (HMAC-MD5-96); RFC 8221 and RFC 8247 on
 * what to think of them.
 */
#include <modswan/crypto.h>
#include <modswan/plugin.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <stdlib.h>
#include <string.h>

enum { DES_KEY = 8, MD5_OCTETS = 16, MD5_ICV = 12 };

static EVP_CIPHER *des3;
static EVP_MAC *hmac;

/* --- NULL ------------------------------------------------------------------------------------ */

static ms_err null_new(const struct ms_encr_alg *alg, void **ctx_r, const uint8_t *key)
{
	static uint8_t nothing;

	(void)alg;
	(void)key;
	*ctx_r = &nothing;
	return MS_OK;
}

static void null_free(void **ctx)
{
	*ctx = NULL;
}

static void null_run(void *ctx, struct ms_encr_job *jobs, unsigned n)
{
	unsigned i;

	(void)ctx;
	for (i = 0; i < n; i++)
		jobs[i].ok = true;
}

static const struct ms_encr_alg null_alg = { .id = MS_ENCR_NULL, .name = "NULL", .block_octets = 1,
	.ctx_new = null_new, .ctx_free = null_free, .seal = null_run, .open = null_run };

/* --- 3DES ------------------------------------------------------------------------------------ */

struct des3_ctx {
	EVP_CIPHER_CTX *way[2]; /* 0: open, 1: seal */
};

static void des3_free(void **ctx)
{
	struct des3_ctx *c = *ctx;

	if (c == NULL)
		return;
	EVP_CIPHER_CTX_free(c->way[0]);
	EVP_CIPHER_CTX_free(c->way[1]);
	free(c);
	*ctx = NULL;
}

/* The lowest bit of each octet is parity and does not count. */
static bool same_part(const uint8_t *a, const uint8_t *b)
{
	unsigned i, differ = 0;

	for (i = 0; i < DES_KEY; i++)
		differ |= (a[i] ^ b[i]) & 0xfeu;
	return differ == 0;
}

static ms_err des3_new(const struct ms_encr_alg *alg, void **ctx_r, const uint8_t *key)
{
	struct des3_ctx *c;
	void *x;
	int way;
	bool ok = true;

	(void)alg;
	if (des3 == NULL)
		return MS_ERR_NO_ALGORITHM;
	/* RFC 2451 s2.3: two equal parts in a row make single DES of it */
	if (same_part(key, key + DES_KEY) || same_part(key + DES_KEY, key + 2 * DES_KEY))
		return MS_ERR_BAD_KEY;
	x = c = calloc(1, sizeof *c);
	if (c == NULL)
		return MS_ERR_NOMEM;
	for (way = 0; way < 2 && ok; way++) {
		c->way[way] = EVP_CIPHER_CTX_new();
		ok = c->way[way] != NULL
			&& EVP_CipherInit_ex2(c->way[way], des3, key, NULL, way, NULL) == 1
			&& EVP_CIPHER_CTX_set_padding(c->way[way], 0) == 1;
	}
	if (!ok) {
		des3_free(&x);
		ERR_clear_error();
		return MS_ERR_CRYPTO;
	}
	*ctx_r = c;
	return MS_OK;
}

static void des3_run(struct des3_ctx *c, struct ms_encr_job *jobs, unsigned n, int way)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		struct ms_encr_job *j = &jobs[i];
		int len = 0;

		j->ok = j->data_len <= INT32_MAX
			&& EVP_CipherInit_ex2(c->way[way], NULL, NULL, j->iv, way, NULL) == 1
			&& EVP_CipherUpdate(c->way[way], j->data, &len, j->data, (int)j->data_len) == 1
			&& (uint32_t)len == j->data_len;
		if (!j->ok)
			ERR_clear_error();
	}
}

static void des3_seal(void *ctx, struct ms_encr_job *jobs, unsigned n)
{
	des3_run(ctx, jobs, n, 1);
}

static void des3_open(void *ctx, struct ms_encr_job *jobs, unsigned n)
{
	des3_run(ctx, jobs, n, 0);
}

static const struct ms_encr_alg des3_alg = { .id = MS_ENCR_3DES, .name = "3DES",
	.key_octets = 3 * DES_KEY, .iv_octets = 8, .block_octets = 8, .ctx_new = des3_new,
	.ctx_free = des3_free, .seal = des3_seal, .open = des3_open };

/* --- HMAC-MD5 -------------------------------------------------------------------------------- */

static void md5_free(void **ctx)
{
	EVP_MAC_CTX_free(*ctx);
	*ctx = NULL;
}

static ms_err md5_keyed(void **ctx_r, struct ms_bytes key)
{
	char name[] = "MD5";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
		OSSL_PARAM_construct_end(),
	};
	static const uint8_t no_key;
	void *x;

	if (hmac == NULL)
		return MS_ERR_NO_ALGORITHM;
	x = EVP_MAC_CTX_new(hmac);
	if (x == NULL)
		return MS_ERR_NOMEM;
	/* a NULL key would mean the one before */
	if (EVP_MAC_init(x, key.len == 0 ? &no_key : key.ptr, key.len, params) != 1) {
		md5_free(&x);
		ERR_clear_error();
		return MS_ERR_CRYPTO;
	}
	*ctx_r = x;
	return MS_OK;
}

static ms_err md5_new(const struct ms_integ_alg *alg, void **ctx_r, const uint8_t *key)
{
	return md5_keyed(ctx_r, ms_bytes(key, alg->key_octets));
}

static void md5_mac(void *ctx, struct ms_integ_job *jobs, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		struct ms_integ_job *j = &jobs[i];
		uint8_t out[MD5_OCTETS];
		size_t len;

		j->ok = EVP_MAC_init(ctx, NULL, 0, NULL) == 1
			&& EVP_MAC_update(ctx, j->data, j->data_len) == 1
			&& (j->tail == NULL || EVP_MAC_update(ctx, j->tail, j->tail_len) == 1)
			&& EVP_MAC_final(ctx, out, &len, sizeof out) == 1;
		if (j->ok)
			memcpy(j->icv, out, MD5_ICV);
		else
			ERR_clear_error();
	}
}

static const struct ms_integ_alg md5_alg = { .id = MS_INTEG_HMAC_MD5_96, .name = "HMAC_MD5_96",
	.key_octets = MD5_OCTETS, .icv_octets = MD5_ICV, .ctx_new = md5_new, .ctx_free = md5_free,
	.mac = md5_mac };

static ms_err md5_prf(const struct ms_prf_alg *alg, struct ms_bytes key, const struct ms_bytes *parts,
	unsigned n, uint8_t *out)
{
	void *x = NULL;
	ms_err err = md5_keyed(&x, key);
	size_t len;
	unsigned i;

	(void)alg;
	for (i = 0; i < n && err == MS_OK; i++)
		if (EVP_MAC_update(x, parts[i].ptr, parts[i].len) != 1)
			err = MS_ERR_CRYPTO;
	if (err == MS_OK && EVP_MAC_final(x, out, &len, MD5_OCTETS) != 1)
		err = MS_ERR_CRYPTO;
	md5_free(&x);
	ERR_clear_error();
	return err;
}

static const struct ms_prf_alg prf_alg = { .id = MS_PRF_HMAC_MD5, .name = "HMAC_MD5",
	.key_octets = MD5_OCTETS, .out_octets = MD5_OCTETS, .prf = md5_prf };

/* --- the plugin ------------------------------------------------------------------------------ */

static const struct ms_encr_alg *const encrs[] = { &null_alg, &des3_alg, NULL };
static const struct ms_integ_alg *const integs[] = { &md5_alg, NULL };
static const struct ms_prf_alg *const prfs[] = { &prf_alg, NULL };

static const struct ms_crypto_ops ops = {
	.size = sizeof ops,
	.preference = 10,
	.encr = encrs,
	.integ = integs,
	.prf = prfs,
};

static ms_err load(
	void **instance_r, const struct ms_services *services, const void *conf, struct ms_why *why)
{
	(void)services;
	(void)conf;
	(void)why;
	*instance_r = NULL;
	/* what this OpenSSL lacks stays NULL: its test refuses it */
	des3 = EVP_CIPHER_fetch(NULL, "DES-EDE3-CBC", NULL);
	hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	ERR_clear_error();
	return MS_OK;
}

static void unload(void **instance)
{
	*instance = NULL;
	EVP_CIPHER_free(des3);
	EVP_MAC_free(hmac);
	des3 = NULL;
	hmac = NULL;
}

static const struct ms_feature features[] = {
	MS_PROVIDES(CRYPTO, "legacy", &ops),
	MS_FEATURES_END,
};

MS_PLUGIN(crypto_legacy, "crypto-legacy", .summary = "NULL, 3DES and MD5, which are not secure",
	.features = features, .load = load, .unload = unload, .on_demand = true);
