/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sim/sim_crypto.h"

#include "core/sim/sim_dice.h"
#include "core/sim/sim_priv.h"
#include "lib/crypto/registry.h"
#include "plugins/crypto-openssl/crypto-openssl.h"

#include <modswan/registry.h>

#include <stdlib.h>
#include <string.h>

#define PRIME ((UINT64_C(1) << 61) - 1)

static struct dice dice;

void sim_crypto_seed(uint64_t seed)
{
	dice.state = seed;
}

static ms_err random_octets(void *out, size_t len)
{
	uint8_t *p = out;

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(dice_next(&dice) >> 32);
	return MS_OK;
}

static uint64_t times(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 p = (unsigned __int128)a * b;

	return (uint64_t)(p % PRIME);
}

static uint64_t power(uint64_t base, uint64_t e)
{
	uint64_t r = 1;

	for (; e > 0; e >>= 1, base = times(base, base))
		if (e & 1)
			r = times(r, base);
	return r;
}

/* Every octet counts: a value that was changed on its way is another one, or none at all. */
static void spread(uint64_t v, uint8_t *out, size_t len)
{
	struct dice d = { v };

	memcpy(out, &v, sizeof(v));
	for (size_t i = sizeof(v); i < len; i++)
		out[i] = (uint8_t)(dice_next(&d) >> 24);
}

static ms_err gather(const struct ms_ke_alg *alg, struct ms_bytes peer, uint64_t *v_r)
{
	uint8_t again[MS_MAX_KE_OCTETS];

	if (peer.len != alg->init_octets)
		return MS_ERR_BAD_KE;
	memcpy(v_r, peer.ptr, sizeof(*v_r));
	spread(*v_r, again, peer.len);
	if (*v_r < 2 || *v_r >= PRIME || memcmp(again, peer.ptr, peer.len) != 0)
		return MS_ERR_BAD_KE;
	return MS_OK;
}

static ms_err ke_start(const struct ms_ke_alg *alg, void **priv_r, uint8_t *pub)
{
	uint64_t *x = sim_alloc(sizeof(*x));

	if (!x)
		return MS_ERR_NOMEM;
	*x = dice_next(&dice) % (PRIME - 2) + 1;
	spread(power(3, *x), pub, alg->init_octets);
	*priv_r = x;
	return MS_OK;
}

static ms_err ke_finish(
	const struct ms_ke_alg *alg, void *priv, struct ms_bytes peer, uint8_t *shared)
{
	const uint64_t *x = priv;
	uint64_t y;
	ms_err err = gather(alg, peer, &y);

	if (err == MS_OK)
		spread(power(y, *x), shared, alg->shared_octets);
	return err;
}

static void ke_priv_free(void **priv)
{
	free(*priv);
	*priv = NULL;
}

static ms_err ke_respond(
	const struct ms_ke_alg *alg, struct ms_bytes peer, uint8_t *pub, uint8_t *shared)
{
	void *priv = NULL;
	ms_err err = ke_start(alg, &priv, pub);

	if (err == MS_OK)
		err = ke_finish(alg, priv, peer, shared);
	ke_priv_free(&priv);
	return err;
}

#define KE(number, text, octets, secret)                                                           \
	{                                                                                          \
		.id = (number), .name = (text), .init_octets = (octets), .resp_octets = (octets),  \
		.shared_octets = (secret), .start = ke_start, .finish = ke_finish,                 \
		.respond = ke_respond, .priv_free = ke_priv_free                                   \
	}
static const struct ms_ke_alg groups[] = {
	KE(MS_KE_X25519, "X25519", 32, 32),
	KE(MS_KE_ECP256, "ECP256", 64, 32),
	KE(MS_KE_ECP384, "ECP384", 96, 48),
	KE(MS_KE_MODP2048, "MODP2048", 256, 256),
	KE(MS_KE_MODP3072, "MODP3072", 384, 384),
};
static const struct ms_ke_alg *const group_list[] = { &groups[0], &groups[1], &groups[2],
	&groups[3], &groups[4], NULL };

/* Known answers are the providers' own tests' business. */
#define PASS(name, ...)                                                                            \
	static ms_err pass_##name(__VA_ARGS__, struct ms_why *why)                                 \
	{                                                                                          \
		(void)what;                                                                        \
		(void)why;                                                                         \
		return MS_OK;                                                                      \
	}
PASS(encr, const struct ms_encr_alg *what)
PASS(integ, const struct ms_integ_alg *what)
PASS(prf, const struct ms_prf_alg *what)
PASS(hash, const struct ms_hash_alg *what)
PASS(ke, const struct ms_ke_alg *what)
PASS(sign, const struct ms_sign_ops *what)
PASS(random, ms_err (*what)(void *, size_t))
static const struct kat_suite pass_all = { pass_encr, pass_integ, pass_prf, pass_hash, pass_ke,
	pass_sign, pass_random };

ms_err sim_crypto_load(void)
{
	static struct ms_crypto_ops ops;
	ms_err err = openssl_load(NULL);

	if (err)
		return err;
	ops = openssl_ops;
	ops.ke = group_list;
	ops.random = random_octets;
	return ms_crypto_register_tested(&ops, "sim", &pass_all);
}

void sim_crypto_unload(void)
{
	ms_crypto_unregister("sim");
	openssl_unload();
}
