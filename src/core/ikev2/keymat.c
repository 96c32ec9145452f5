/* SPDX-License-Identifier: Apache-2.0 */
/* Key material of the IKE SA: RFC 7296 s2.13, s2.14, s2.18. */
#include "core/ike/ike_sa.h"
#include "core/ike/sk.h"
#include "core/ikev2/keymat.h"
#include "lib/crypto/prfplus.h"

#include <string.h>

/* s2.14, and s2.18 for a rekeyed one: SKEYSEED = prf(SK_d (old), g^ir (new) | Ni | Nr) */
static ms_err skeyseed(struct ike_sa *ike, struct ike_exchange *x, const struct ike_sa *old,
	uint8_t *out, struct ms_bytes *out_r)
{
	const struct ms_prf_alg *prf = old ? old->prf : ike->prf;
	struct ms_bytes parts[3] = { x->shared, x->ni, x->nr };

	*out_r = ms_bytes(out, prf->out_octets);
	if (old)
		return prf->prf(prf, ike_key(old, IKE_SK_D), parts, 3, out);
	{
		uint8_t nonces[2 * 256];
		size_t ni = x->ni.len, nr = x->nr.len;

		if (ni > 256 || nr > 256)
			return MS_ERR_SYNTAX;
		memcpy(nonces, x->ni.ptr, ni);
		memcpy(nonces + ni, x->nr.ptr, nr);
		return prf->prf(prf, ms_bytes(nonces, ni + nr), &x->shared, 1, out);
	}
}

ms_err ike_keymat(struct ike_sa *ike, struct ike_exchange *x, const struct ike_sa *old)
{
	uint8_t seed[MS_MAX_PRF_OCTETS], block[7 * MS_MAX_KEY_OCTETS];
	struct ms_bytes seed_b,
		parts[] = { x->ni, x->nr, ms_bytes(ike->spi_i, 8), ms_bytes(ike->spi_r, 8) };
	size_t len = 0;
	ms_err err = skeyseed(ike, x, old, seed, &seed_b);

	for (unsigned k = IKE_SK_D; k <= IKE_SK_PR; k++)
		len += ike_key_octets(ike, (enum ike_key)k);
	if (err == MS_OK && len > sizeof(block))
		err = MS_ERR_BUG;
	if (err == MS_OK)
		err = ms_prf_plus(ike->prf, seed_b, parts, 4, block, len);
	ms_secret_free(&ike->keys);
	if (err == MS_OK && !ms_secret_set(&ike->keys, ms_bytes(block, len)))
		err = MS_ERR_NOMEM;
	/* g^ir has done its work: a CHILD SA of this exchange takes nothing from it. */
	ms_wipe((void *)(uintptr_t)x->shared.ptr, x->shared.len);
	x->shared = ms_bytes(NULL, 0);
	ms_wipe(seed, sizeof(seed));
	ms_wipe(block, sizeof(block));
	return err;
}

void ike_keymat_trim(struct ike_sa *ike)
{
	struct ms_secret all = ike->keys;
	size_t keep = all.len - 2 * (size_t)ike->prf->key_octets;

	if (all.len < 2 * (size_t)ike->prf->key_octets)
		return;
	if (ms_secret_set(&ike->keys, ms_bytes(all.ptr, keep)))
		ms_secret_free(&all);
	else
		ike->keys = all;
}

ms_err ike_algorithms(struct ike_sa *ike, struct ms_why *why)
{
	const struct ms_suite *s = &ike->suite;
	char text[160];

	ike->encr = ms_encr_find(s->encr, s->encr_bits);
	ike->integ = s->integ ? ms_integ_find(s->integ) : NULL;
	ike->prf = ms_prf_find(s->prf);
	/* RFC 5282 s8: an AEAD, or a cipher with integrity, never one alone. */
	if (ike->encr && ike->prf && (s->integ ? ike->integ != NULL : ike->encr->icv_octets > 0) &&
		!(s->integ && ike->encr->icv_octets > 0) && ms_ke_find(s->ke))
		return MS_OK;
	ms_suite_text(s, text, sizeof(text));
	return ms_fail(why, MS_ERR_NO_ALGORITHM, "no provider for %s", text);
}
