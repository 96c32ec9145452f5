/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MODP groups on GMP.
 *
 * Exponentiation is mpn_sec_powm: its time and the memory that it touches depend on sizes only.
 * All its room is ours and is wiped, so that nothing secret stays in memory that GMP gives back
 * unwiped, and GMP's memory functions, which others in the process may use too, stay as they are.
 *
 * The primes are not written here but made from what RFC 3526 says of them,
 *	p = 2^n - 2^(n-64) - 1 + 2^64 * ([2^(n-130) pi] + k)
 * and a power that was computed elsewhere is compared with ours before a group is offered.
 *
 * Standards: RFC 3526, RFC 6989 s2.1, RFC 7296 s3.4 and s2.14 (values padded to the prime's length).
 */
#include "crypto-gmp.h"

#include <modswan/registry.h>

#include <stdlib.h>
#include <string.h>

#define LIMB_OCTETS (GMP_NUMB_BITS / 8)

struct priv {
	mp_limb_t x[PRIV_MAX_LIMBS];
};

static mp_size_t limbs_of(const struct modp *m)
{
	return (mp_size_t)(m->bits / GMP_NUMB_BITS);
}

/* Network order to limbs, the lowest first; what is missing above is zero. */
static void to_limbs(mp_limb_t *out, mp_size_t n, const uint8_t *octets, size_t len)
{
	memset(out, 0, (size_t)n * sizeof *out);
	for (size_t i = 0; i < len; i++)
		out[i / LIMB_OCTETS] |= (mp_limb_t)octets[len - 1 - i] << 8 * (i % LIMB_OCTETS);
}

static void to_octets(uint8_t *out, const mp_limb_t *in, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[len - 1 - i] = (uint8_t)(in[i / LIMB_OCTETS] >> 8 * (i % LIMB_OCTETS));
}

/* out = base^x mod p, in bits / 8 octets */
static ms_err power(const struct modp *m, const mp_limb_t *base, mp_size_t base_limbs,
	const mp_limb_t *x, mp_bitcnt_t x_bits, uint8_t *out)
{
	mp_size_t n = limbs_of(m), itch = mpn_sec_powm_itch(base_limbs, x_bits, n);
	size_t size = (size_t)(n + itch) * sizeof(mp_limb_t);
	mp_limb_t *room = malloc(size);

	if (room == NULL)
		return MS_ERR_NOMEM;
	mpn_sec_powm(room, base, base_limbs, x, x_bits, m->p, n, room + n);
	to_octets(out, room, m->alg.shared_octets);
	ms_wipe(room, size);
	free(room);
	return MS_OK;
}

static void priv_free(void **priv)
{
	if (*priv == NULL)
		return;
	ms_wipe(*priv, sizeof(struct priv));
	free(*priv);
	*priv = NULL;
}

static ms_err public_of(const struct modp *m, const struct priv *priv, uint8_t *pub)
{
	const mp_limb_t two = 2;

	return power(m, &two, 1, priv->x, m->private_bits, pub);
}

ms_err modp_priv(const struct ms_ke_alg *alg, struct ms_bytes x, void **priv_r, uint8_t *pub)
{
	const struct modp *m = (const struct modp *)alg;
	struct priv *priv = malloc(sizeof *priv);
	void *made = priv;
	ms_err err;

	if (priv == NULL || m->p == NULL || x.len > m->private_bits / 8) {
		free(priv);
		return priv == NULL ? MS_ERR_NOMEM : MS_ERR_BUG;
	}
	to_limbs(priv->x, PRIV_MAX_LIMBS, x.ptr, x.len);
	err = public_of(m, priv, pub);
	if (err != MS_OK)
		priv_free(&made);
	*priv_r = made;
	return err;
}

static ms_err start(const struct ms_ke_alg *alg, void **priv_r, uint8_t *pub)
{
	const struct modp *m = (const struct modp *)alg;
	uint8_t x[PRIV_MAX_BITS / 8];
	size_t len = m->private_bits / 8;
	ms_err err = ms_random(x, len);

	if (err == MS_OK) {
		x[0] |= 0x80;
		err = modp_priv(alg, ms_bytes(x, len), priv_r, pub);
	}
	ms_wipe(x, sizeof x);
	return err;
}

/* False: not acceptable.  All groups here have safe primes, for which RFC 6989 s2.1 asks for
 * 1 < r < p - 1 only.  The value is public. */
static bool peer_value(const struct modp *m, struct ms_bytes peer, mp_limb_t *r)
{
	mp_size_t n = limbs_of(m);

	if (m->p == NULL || peer.len != m->alg.init_octets)
		return false;
	to_limbs(r, n, peer.ptr, peer.len);
	if (mpn_zero_p(r + 1, n - 1) && r[0] < 2)
		return false;
	return mpn_cmp(r, m->p_minus_1, n) < 0;
}

static ms_err finish(const struct ms_ke_alg *alg, void *priv, struct ms_bytes peer, uint8_t *shared)
{
	const struct modp *m = (const struct modp *)alg;
	mp_limb_t r[MODP_MAX_LIMBS];

	if (!peer_value(m, peer, r))
		return MS_ERR_BAD_KE;
	return power(m, r, limbs_of(m), ((struct priv *)priv)->x, m->private_bits, shared);
}

static ms_err respond(
	const struct ms_ke_alg *alg, struct ms_bytes peer, uint8_t *pub, uint8_t *shared)
{
	const struct modp *m = (const struct modp *)alg;
	mp_limb_t r[MODP_MAX_LIMBS];
	void *priv = NULL;
	ms_err err = peer_value(m, peer, r) ? start(alg, &priv, pub) : MS_ERR_BAD_KE;

	if (err == MS_OK)
		err = power(m, r, limbs_of(m), ((struct priv *)priv)->x, m->private_bits, shared);
	priv_free(&priv);
	return err;
}

/* clang-format off */
#define MODP(n, private_bits, k, high, low)                                                        \
	{ { MS_KE_MODP##n, "MODP" #n, (n) / 8, (n) / 8, (n) / 8, start, finish, respond,           \
		  priv_free },                                                                     \
		n, private_bits, k, { low, high }, NULL, NULL }
/* private_bits: above RFC 3526 s8's first estimate and RFC 7919 s5.2 */
struct modp modp[GMP_GROUPS] = {
	MODP(2048, 256, 124476, UINT64_C(0xe01e010e2d9a7703), UINT64_C(0xf963d6bc6e83cd1b)),
	MODP(3072, 320, 1690314, UINT64_C(0x97dfa2bd7f4d8e7f), UINT64_C(0xa801a6c2ae5d558e)),
	MODP(4096, 352, 240904, UINT64_C(0x429b4aa4f997e9ba), UINT64_C(0x8b1b9aa9dd777285)),
	MODP(6144, 384, 929484, UINT64_C(0xf59252bb3467cd23), UINT64_C(0x20da7753006bcf75)),
	MODP(8192, 448, 4743158, UINT64_C(0x2523caad05f15294), UINT64_C(0xc905cdcc4d82ad45)),
};
/* clang-format on */

/* --- the primes --------------------------------------------------------------------------------- */

/* out = [2^bits * arctan(1/n)], a few units less in its last digits */
static void arctan_inverse(mpz_t out, unsigned long n, mp_bitcnt_t bits)
{
	unsigned long odd = 1;
	mpz_t power_of_n, term;

	mpz_inits(power_of_n, term, NULL);
	mpz_setbit(power_of_n, bits);
	mpz_tdiv_q_ui(power_of_n, power_of_n, n);
	mpz_set_ui(out, 0);
	for (; mpz_sgn(power_of_n) != 0; odd += 2) {
		mpz_tdiv_q_ui(term, power_of_n, odd);
		if (odd % 4 == 1)
			mpz_add(out, out, term);
		else
			mpz_sub(out, out, term);
		mpz_tdiv_q_ui(power_of_n, power_of_n, n * n);
	}
	mpz_clears(power_of_n, term, NULL);
}

/* out = [2^bits * pi] by Machin's formula */
static void pi_shifted(mpz_t out, mp_bitcnt_t bits)
{
	enum { GUARD = 64 };
	mpz_t other;

	mpz_init(other);
	arctan_inverse(out, 5, bits + GUARD);
	arctan_inverse(other, 239, bits + GUARD);
	mpz_mul_ui(out, out, 16);
	mpz_mul_ui(other, other, 4);
	mpz_sub(out, out, other);
	mpz_tdiv_q_2exp(out, out, GUARD);
	mpz_clear(other);
}

/* RFC 3526; pi has at least bits - 130 binary digits behind its point, exactly `digits`. */
static void prime_of(mpz_t out, const struct modp *m, const mpz_t pi, mp_bitcnt_t digits)
{
	mpz_t t;

	mpz_init(t);
	mpz_tdiv_q_2exp(out, pi, digits - (m->bits - 130));
	mpz_add_ui(out, out, m->offset);
	mpz_mul_2exp(out, out, 64);
	mpz_setbit(t, m->bits);
	mpz_add(out, out, t);
	mpz_set_ui(t, 0);
	mpz_setbit(t, m->bits - 64);
	mpz_sub(out, out, t);
	mpz_sub_ui(out, out, 1);
	mpz_clear(t);
}

static bool keep_prime(struct modp *m, const mpz_t prime)
{
	mp_size_t n = limbs_of(m);

	if (mpz_sizeinbase(prime, 2) != m->bits)
		return false;
	m->p = calloc((size_t)n, sizeof *m->p);
	m->p_minus_1 = calloc((size_t)n, sizeof *m->p_minus_1);
	if (m->p == NULL || m->p_minus_1 == NULL)
		return false;
	mpn_copyi(m->p, mpz_limbs_read(prime), n);
	mpn_copyi(m->p_minus_1, m->p, n);
	m->p_minus_1[0] ^= 1;
	return true;
}

static uint64_t get64(const uint8_t *octets)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < 8; i++)
		v = v << 8 | octets[i];
	return v;
}

static bool known_power(const struct modp *m)
{
	static const uint8_t exponent[16] = { 0x12, 0x34, 0x56, 0x78, 0x90, 0xab, 0xcd, 0xef, 0x12,
		0x34, 0x56, 0x78, 0x90, 0xab, 0xcd, 0xef };
	mp_limb_t x[sizeof exponent / LIMB_OCTETS];
	const mp_limb_t two = 2;
	uint8_t out[MS_MAX_KE_OCTETS];
	size_t len = m->alg.shared_octets;

	to_limbs(x, sizeof exponent / LIMB_OCTETS, exponent, sizeof exponent);
	return power(m, &two, 1, x, 128, out) == MS_OK && get64(out + len - 8) == m->known[0] &&
	       get64(out + len - 16) == m->known[1];
}

void modp_unload(void)
{
	for (unsigned i = 0; i < GMP_GROUPS; i++) {
		free(modp[i].p);
		free(modp[i].p_minus_1);
		modp[i].p = modp[i].p_minus_1 = NULL;
	}
}

ms_err modp_load(struct ms_why *why)
{
	const mp_bitcnt_t digits = 8192;
	ms_err err = MS_OK;
	mpz_t pi, prime;

	mpz_inits(pi, prime, NULL);
	pi_shifted(pi, digits);
	for (unsigned i = 0; i < GMP_GROUPS && err == MS_OK; i++) {
		prime_of(prime, &modp[i], pi, digits);
		if (!keep_prime(&modp[i], prime) || !known_power(&modp[i]))
			err = ms_fail(why, MS_ERR_CRYPTO, "%s does not come out as RFC 3526 says",
				modp[i].alg.name);
	}
	mpz_clears(pi, prime, NULL);
	if (err != MS_OK)
		modp_unload();
	return err;
}
