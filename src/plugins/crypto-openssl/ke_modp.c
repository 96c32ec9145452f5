/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MODP groups on OpenSSL's big numbers.
 *
 * Not through EVP_PKEY: its DH derivation raises the peer's value to the subgroup order each time,
 * a full-length exponentiation that multiplies the cost by four to ten.  All groups here have safe
 * primes, for which RFC 6989 s2.1 asks for 1 < r < p - 1 only.  Exponentiation is OpenSSL's
 * constant-time one; primes and their Montgomery forms are made at load and shared read-only.
 *
 * Standards: RFC 3526, RFC 6989 s2.1, RFC 7296 s3.4 and s2.14 (values padded to the prime's
 * length).
 */
#include "crypto-openssl.h"

#include <openssl/err.h>

static struct {
	BIGNUM *p, *p_minus_1;
	BN_MONT_CTX *mont;
} groups[KE_MODP_GROUPS];
static BIGNUM *generator;

static ms_err power(const struct ke_modp *m, const BIGNUM *base, const BIGNUM *x, uint8_t *out)
{
	BN_CTX *bn = BN_CTX_new();
	BIGNUM *r = BN_new();
	ms_err err = MS_ERR_CRYPTO;

	if (bn != NULL && r != NULL &&
		BN_mod_exp_mont_consttime(
			r, base, x, groups[m->slot].p, bn, groups[m->slot].mont) == 1 &&
		BN_bn2binpad(r, out, m->alg.shared_octets) == m->alg.shared_octets)
		err = MS_OK;
	else
		ERR_clear_error();
	BN_clear_free(r);
	BN_CTX_free(bn);
	return err;
}

static void priv_free(void **priv)
{
	BN_clear_free(*priv);
	*priv = NULL;
}

static ms_err make(const struct ke_modp *m, BIGNUM *x, void **priv_r, uint8_t *pub)
{
	void *priv = x;
	ms_err err;

	BN_set_flags(x, BN_FLG_CONSTTIME);
	err = power(m, generator, x, pub);
	if (err != MS_OK)
		priv_free(&priv);
	else
		*priv_r = x;
	return err;
}

ms_err ke_modp_priv(const struct ms_ke_alg *alg, struct ms_bytes x, void **priv_r, uint8_t *pub)
{
	BIGNUM *bn = BN_bin2bn(x.ptr, (int)x.len, NULL);

	return bn == NULL ? MS_ERR_NOMEM : make((const struct ke_modp *)alg, bn, priv_r, pub);
}

static ms_err start(const struct ms_ke_alg *alg, void **priv_r, uint8_t *pub)
{
	const struct ke_modp *m = (const struct ke_modp *)alg;
	BIGNUM *x = BN_new();

	if (x == NULL || groups[m->slot].mont == NULL ||
		BN_priv_rand(x, (int)m->private_bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) != 1) {
		BN_clear_free(x);
		ERR_clear_error();
		return MS_ERR_CRYPTO;
	}
	return make(m, x, priv_r, pub);
}

/* NULL: not acceptable. */
static BIGNUM *peer_value(const struct ke_modp *m, struct ms_bytes peer)
{
	BIGNUM *r;

	if (peer.len != m->alg.init_octets || groups[m->slot].p_minus_1 == NULL)
		return NULL;
	r = BN_bin2bn(peer.ptr, (int)peer.len, NULL);
	if (r != NULL &&
		(BN_is_zero(r) || BN_is_one(r) || BN_cmp(r, groups[m->slot].p_minus_1) >= 0)) {
		BN_free(r);
		return NULL;
	}
	return r;
}

static ms_err finish(const struct ms_ke_alg *alg, void *priv, struct ms_bytes peer, uint8_t *shared)
{
	const struct ke_modp *m = (const struct ke_modp *)alg;
	BIGNUM *r = peer_value(m, peer);
	ms_err err = r == NULL ? MS_ERR_BAD_KE : power(m, r, priv, shared);

	BN_free(r);
	return err;
}

static ms_err respond(
	const struct ms_ke_alg *alg, struct ms_bytes peer, uint8_t *pub, uint8_t *shared)
{
	const struct ke_modp *m = (const struct ke_modp *)alg;
	BIGNUM *r = peer_value(m, peer);
	void *x = NULL;
	ms_err err = r == NULL ? MS_ERR_BAD_KE : start(alg, &x, pub);

	if (err == MS_OK)
		err = power(m, r, x, shared);
	priv_free(&x);
	BN_free(r);
	return err;
}

/* clang-format off */
#define MODP(bits, slot, private_bits)                                                             \
	{ { MS_KE_MODP##bits, "MODP" #bits, (bits) / 8, (bits) / 8, (bits) / 8, start, finish,     \
		  respond, priv_free },                                                            \
		slot, private_bits, BN_get_rfc3526_prime_##bits }
/* private_bits: above RFC 3526 s8's first estimate and RFC 7919 s5.2 */
const struct ke_modp ke_modp[KE_MODP_GROUPS] = {
	MODP(2048, 0, 256),
	MODP(3072, 1, 320),
	MODP(4096, 2, 352),
	MODP(6144, 3, 384),
	MODP(8192, 4, 448),
};
/* clang-format on */

ms_err ke_modp_load(struct ms_why *why)
{
	BN_CTX *bn = BN_CTX_new();
	bool ok = bn != NULL && (generator = BN_new()) != NULL && BN_set_word(generator, 2) == 1;
	unsigned i;

	for (i = 0; ok && i < KE_MODP_GROUPS; i++) {
		groups[i].p = ke_modp[i].prime(NULL);
		groups[i].p_minus_1 = groups[i].p != NULL ? BN_dup(groups[i].p) : NULL;
		groups[i].mont = BN_MONT_CTX_new();
		ok = groups[i].p_minus_1 != NULL && groups[i].mont != NULL &&
		     BN_sub_word(groups[i].p_minus_1, 1) == 1 &&
		     BN_MONT_CTX_set(groups[i].mont, groups[i].p, bn) == 1;
	}
	BN_CTX_free(bn);
	return ok ? MS_OK : openssl_fail(why, MS_ERR_CRYPTO, "preparing the MODP groups");
}

void ke_modp_unload(void)
{
	unsigned i;

	for (i = 0; i < KE_MODP_GROUPS; i++) {
		BN_free(groups[i].p);
		BN_free(groups[i].p_minus_1);
		BN_MONT_CTX_free(groups[i].mont);
		groups[i].p = groups[i].p_minus_1 = NULL;
		groups[i].mont = NULL;
	}
	BN_free(generator);
	generator = NULL;
}
