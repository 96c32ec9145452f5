/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sim/sim_faults.h"

#include "plugins/crypto-openssl/crypto-openssl.h"

#include <modswan/registry.h>

#include <stdlib.h>

#define MOST 32

struct sim_faults sim_faults;

static bool fails(void)
{
	struct sim_faults *f = &sim_faults;

	f->calls++;
	if (f->nth == 0 || f->calls < f->nth || (f->calls > f->nth && !f->for_good))
		return false;
	f->failures++;
	return true;
}

/* Each algorithm of ours stands before the real one, and its contexts hold the real one's. */
struct encr {
	struct ms_encr_alg alg;
	const struct ms_encr_alg *real;
};
struct integ {
	struct ms_integ_alg alg;
	const struct ms_integ_alg *real;
};
struct prf {
	struct ms_prf_alg alg;
	const struct ms_prf_alg *real;
};
struct hash {
	struct ms_hash_alg alg;
	const struct ms_hash_alg *real;
};
struct ke {
	struct ms_ke_alg alg;
	const struct ms_ke_alg *real;
};
struct context {
	const void *real;
	void *ctx;
};

static ms_err context_new(const void *real, void *ctx, void **ctx_r)
{
	struct context *c = malloc(sizeof(*c));

	if (!c)
		abort();
	*c = (struct context){ real, ctx };
	*ctx_r = c;
	return MS_OK;
}

/* --- ciphers and integrity ---------------------------------------------------------------------- */

static ms_err encr_new(const struct ms_encr_alg *alg, void **ctx_r, const uint8_t *key)
{
	const struct ms_encr_alg *real = ((const struct encr *)alg)->real;
	void *ctx;
	ms_err err = fails() ? MS_ERR_CRYPTO : real->ctx_new(real, &ctx, key);

	return err ? err : context_new(real, ctx, ctx_r);
}

static void encr_free(void **ctx)
{
	struct context *c = *ctx;

	((const struct ms_encr_alg *)c->real)->ctx_free(&c->ctx);
	free(c);
	*ctx = NULL;
}

static void encr_seal(void *ctx, struct ms_encr_job *jobs, unsigned n)
{
	struct context *c = ctx;

	for (unsigned i = 0; i < n; i++)
		jobs[i].ok = false;
	if (!fails())
		((const struct ms_encr_alg *)c->real)->seal(c->ctx, jobs, n);
}

static void encr_open(void *ctx, struct ms_encr_job *jobs, unsigned n)
{
	struct context *c = ctx;

	for (unsigned i = 0; i < n; i++)
		jobs[i].ok = false;
	if (!fails())
		((const struct ms_encr_alg *)c->real)->open(c->ctx, jobs, n);
}

static ms_err integ_new(const struct ms_integ_alg *alg, void **ctx_r, const uint8_t *key)
{
	const struct ms_integ_alg *real = ((const struct integ *)alg)->real;
	void *ctx;
	ms_err err = fails() ? MS_ERR_CRYPTO : real->ctx_new(real, &ctx, key);

	return err ? err : context_new(real, ctx, ctx_r);
}

static void integ_free(void **ctx)
{
	struct context *c = *ctx;

	((const struct ms_integ_alg *)c->real)->ctx_free(&c->ctx);
	free(c);
	*ctx = NULL;
}

static void integ_mac(void *ctx, struct ms_integ_job *jobs, unsigned n)
{
	struct context *c = ctx;

	for (unsigned i = 0; i < n; i++)
		jobs[i].ok = false;
	if (!fails())
		((const struct ms_integ_alg *)c->real)->mac(c->ctx, jobs, n);
}

/* --- the others ----------------------------------------------------------------------------------- */

static ms_err prf_octets(const struct ms_prf_alg *alg, struct ms_bytes key,
	const struct ms_bytes *parts, unsigned n, uint8_t *out)
{
	const struct ms_prf_alg *real = ((const struct prf *)alg)->real;

	return fails() ? MS_ERR_CRYPTO : real->prf(real, key, parts, n, out);
}

static ms_err hash_octets(
	const struct ms_hash_alg *alg, const struct ms_bytes *parts, unsigned n, uint8_t *out)
{
	const struct ms_hash_alg *real = ((const struct hash *)alg)->real;

	return fails() ? MS_ERR_CRYPTO : real->hash(real, parts, n, out);
}

static ms_err ke_start(const struct ms_ke_alg *alg, void **priv_r, uint8_t *pub)
{
	const struct ms_ke_alg *real = ((const struct ke *)alg)->real;

	return fails() ? MS_ERR_CRYPTO : real->start(real, priv_r, pub);
}

static ms_err ke_finish(
	const struct ms_ke_alg *alg, void *priv, struct ms_bytes peer, uint8_t *shared)
{
	const struct ms_ke_alg *real = ((const struct ke *)alg)->real;

	return fails() ? MS_ERR_CRYPTO : real->finish(real, priv, peer, shared);
}

static ms_err ke_respond(
	const struct ms_ke_alg *alg, struct ms_bytes peer, uint8_t *pub, uint8_t *shared)
{
	const struct ms_ke_alg *real = ((const struct ke *)alg)->real;

	return fails() ? MS_ERR_CRYPTO : real->respond(real, peer, pub, shared);
}

static ms_err pubkey_read(struct ms_pubkey **out, struct ms_bytes der, struct ms_why *why)
{
	if (fails())
		return ms_fail(why, MS_ERR_CRYPTO, "told to fail");
	return openssl_ops.sign->pubkey_from_spki(out, der, why);
}

static ms_err pubkey_of(struct ms_pubkey **out, const struct ms_privkey *priv)
{
	return fails() ? MS_ERR_CRYPTO : openssl_ops.sign->pubkey_of(out, priv);
}

static ms_err sign(const struct ms_privkey *key, enum ms_sign_scheme scheme, uint16_t hash,
	const struct ms_bytes *parts, unsigned n, uint8_t *out, size_t *len_r)
{
	return fails() ? MS_ERR_CRYPTO
		       : openssl_ops.sign->sign(key, scheme, hash, parts, n, out, len_r);
}

static ms_err verify(const struct ms_pubkey *key, enum ms_sign_scheme scheme, uint16_t hash,
	const struct ms_bytes *parts, unsigned n, struct ms_bytes signature)
{
	return fails() ? MS_ERR_CRYPTO
		       : openssl_ops.sign->verify(key, scheme, hash, parts, n, signature);
}

/* --- all of them ---------------------------------------------------------------------------------- */

/* List `kind` of the real ones, each with ours before it and its members set by the rest. */
#define WRAP(kind, ...) \
	for (unsigned i = 0; openssl_ops.kind[i] && i < MOST; i++) {                               \
		struct kind *w = &kind##s[i];                                                      \
                                                                                                   \
		w->alg = *openssl_ops.kind[i];                                                     \
		w->real = openssl_ops.kind[i];                                                     \
		__VA_ARGS__;                                                                       \
		kind##_of_ours[i] = &w->alg;                                                       \
	}

static struct encr encrs[MOST];
static struct integ integs[MOST];
static struct prf prfs[MOST];
static struct hash hashs[MOST];
static struct ke kes[MOST];
static const struct ms_encr_alg *encr_of_ours[MOST + 1];
static const struct ms_integ_alg *integ_of_ours[MOST + 1];
static const struct ms_prf_alg *prf_of_ours[MOST + 1];
static const struct ms_hash_alg *hash_of_ours[MOST + 1];
static const struct ms_ke_alg *ke_of_ours[MOST + 1];
static struct ms_sign_ops sign_of_ours;
static struct ms_crypto_ops ops;

ms_err sim_faults_load(void)
{
	ms_err err = openssl_load(NULL);

	if (err)
		return err;
	sim_faults = (struct sim_faults){ 0 };
	WRAP(encr, w->alg.ctx_new = encr_new, w->alg.ctx_free = encr_free,
		w->alg.seal = encr_seal, w->alg.open = encr_open)
	WRAP(integ, w->alg.ctx_new = integ_new, w->alg.ctx_free = integ_free,
		w->alg.mac = integ_mac)
	WRAP(prf, w->alg.prf = prf_octets)
	WRAP(hash, w->alg.hash = hash_octets)
	WRAP(ke, w->alg.start = ke_start, w->alg.finish = ke_finish, w->alg.respond = ke_respond)
	sign_of_ours = *openssl_ops.sign;
	sign_of_ours.pubkey_from_spki = pubkey_read;
	sign_of_ours.pubkey_of = pubkey_of;
	sign_of_ours.sign = sign;
	sign_of_ours.verify = verify;
	ops = openssl_ops;
	ops.encr = encr_of_ours;
	ops.integ = integ_of_ours;
	ops.prf = prf_of_ours;
	ops.hash = hash_of_ours;
	ops.ke = ke_of_ours;
	ops.sign = &sign_of_ours;
	return ms_crypto_register(&ops, "faults");
}

void sim_faults_unload(void)
{
	ms_crypto_unregister("faults");
	openssl_unload();
}
