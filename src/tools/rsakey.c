/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making and checking RSA keys with GMP.
 *
 * Each prime begins as half the key's bits from the random source with the first and the last bit
 * set and is moved up to the next prime whose predecessor shares no factor with the public
 * exponent.  A pair whose product is a bit short, or whose primes are close to each other, is
 * thrown away.  Nothing leaves this file without rsa_key_check().
 *
 * Standards: RFC 8017 s3 (numbers), FIPS 186-5 A.1.3 (distance of the primes).
 */
#include "tools/rsakey.h"

#include <stdlib.h>
#include <string.h>

#define MAX_TRIES 100

/* --- memory ----------------------------------------------------------------------------------- */

static void *gmp_get(size_t size)
{
	void *p = malloc(size);

	if (p == NULL) {
		fputs("ipsec: out of memory\n", stderr);
		exit(1);
	}
	return p;
}

static void gmp_give(void *p, size_t size)
{
	ms_wipe(p, size);
	free(p);
}

static void *gmp_regrow(void *p, size_t old, size_t size)
{
	void *fresh = gmp_get(size);

	memcpy(fresh, p, old < size ? old : size);
	gmp_give(p, old);
	return fresh;
}

void rsa_memory_setup(void)
{
	mp_set_memory_functions(gmp_get, gmp_regrow, gmp_give);
}

void rsa_key_init(struct rsa_key *k)
{
	mpz_inits(k->n, k->e, k->d, k->p, k->q, k->dp, k->dq, k->qinv, NULL);
}

void rsa_key_clear(struct rsa_key *k)
{
	mpz_clears(k->n, k->e, k->d, k->p, k->q, k->dp, k->dq, k->qinv, NULL);
}

/* --- primes ----------------------------------------------------------------------------------- */

static bool fits_exponent(mpz_t prime, const mpz_t e)
{
	bool fits;
	mpz_t t;

	mpz_init(t);
	mpz_sub_ui(t, prime, 1);
	mpz_gcd(t, t, e);
	fits = mpz_cmp_ui(t, 1) == 0;
	mpz_clear(t);
	return fits;
}

static ms_err make_prime(mpz_t out, const mpz_t e, const struct rsa_wish *wish, struct ms_why *why)
{
	unsigned bits = wish->bits / 2;
	uint8_t start[RSA_MAX_BITS / 16 + 1];
	unsigned steps = 0;
	ms_err err;

	do {
		err = random_octets(wish->random, start, bits / 8, why);
		if (err != MS_OK)
			return err;
		start[0] |= 0x80;
		start[bits / 8 - 1] |= 0x01;
		mpz_import(out, bits / 8, 1, 1, 1, 0, start);
		ms_wipe(start, sizeof start);
		mpz_sub_ui(out, out, 1); /* the start itself may be prime */
		do {
			mpz_nextprime(out, out);
			steps++;
		} while (!fits_exponent(out, e) || mpz_probab_prime_p(out, wish->rounds) == 0);
	} while (mpz_sizeinbase(out, 2) != bits);
	if (wish->verbose)
		fprintf(stderr, "found a prime of %u bits, the %u. looked at\n", bits, steps);
	return MS_OK;
}

/* Two primes whose upper hundred bits are the same could be found from their product. */
static bool too_close(const mpz_t p, const mpz_t q, unsigned bits)
{
	unsigned distance = bits / 2 > 200 ? bits / 2 - 100 : 1;
	bool close;
	mpz_t t;

	mpz_init(t);
	mpz_sub(t, p, q);
	mpz_abs(t, t);
	close = mpz_sgn(t) == 0 || mpz_sizeinbase(t, 2) <= distance;
	mpz_clear(t);
	return close;
}

/* --- the other numbers ------------------------------------------------------------------------ */

static void derive(struct rsa_key *k, const mpz_t p1, const mpz_t q1, mpz_t phi, bool plain_d)
{
	if (plain_d)
		mpz_mul(phi, p1, q1);
	else
		mpz_lcm(phi, p1, q1);
	if (mpz_invert(k->d, k->e, phi) == 0)
		mpz_set_ui(k->d, 0);
	mpz_mod(k->dp, k->d, p1);
	mpz_mod(k->dq, k->d, q1);
	if (mpz_invert(k->qinv, k->q, k->p) == 0)
		mpz_set_ui(k->qinv, 0);
}

ms_err rsa_key_complete(struct rsa_key *k, bool plain_d, int rounds, struct ms_why *why)
{
	ms_err err = MS_OK;
	mpz_t p1, q1, t;

	mpz_inits(p1, q1, t, NULL);
	if (mpz_cmp(k->p, k->q) < 0)
		mpz_swap(k->p, k->q);
	mpz_mul(t, k->p, k->q);
	mpz_sub_ui(p1, k->p, 1);
	mpz_sub_ui(q1, k->q, 1);
	if (mpz_cmp_ui(k->e, 3) < 0 || mpz_even_p(k->e))
		err = ms_fail(why, MS_ERR_BAD_KEY, "the public exponent is even or below 3");
	else if (mpz_cmp(t, k->n) != 0)
		err = ms_fail(why, MS_ERR_BAD_KEY, "the product of the primes is not the modulus");
	else if (mpz_cmp(k->p, k->q) == 0 || mpz_probab_prime_p(k->p, rounds) == 0 ||
		 mpz_probab_prime_p(k->q, rounds) == 0)
		err = ms_fail(why, MS_ERR_BAD_KEY, "the primes are not two primes");
	else if (!fits_exponent(k->p, k->e) || !fits_exponent(k->q, k->e))
		err = ms_fail(why, MS_ERR_BAD_KEY, "the public exponent does not fit the primes");
	else
		derive(k, p1, q1, t, plain_d);
	mpz_clears(p1, q1, t, NULL);
	return err == MS_OK ? rsa_key_check(k, why) : err;
}

/* A value to the power e and back by the Chinese remainder (RFC 8017 s5.1.2 2.b). */
static bool there_and_back(const struct rsa_key *k, mpz_t a, mpz_t b, mpz_t c)
{
	mpz_tdiv_q_ui(a, k->n, 3);
	mpz_powm(b, a, k->e, k->n);
	mpz_powm(c, b, k->dq, k->q);
	mpz_powm(b, b, k->dp, k->p);
	mpz_sub(b, b, c);
	mpz_mul(b, b, k->qinv);
	mpz_mod(b, b, k->p);
	mpz_mul(b, b, k->q);
	mpz_add(b, b, c);
	return mpz_cmp(a, b) == 0;
}

ms_err rsa_key_check(const struct rsa_key *k, struct ms_why *why)
{
	const char *wrong = NULL;
	mpz_t p1, q1, t;

	mpz_inits(p1, q1, t, NULL);
	mpz_sub_ui(p1, k->p, 1);
	mpz_sub_ui(q1, k->q, 1);
	mpz_mul(t, k->p, k->q);
	if (mpz_cmp(t, k->n) != 0)
		wrong = "Modulus";
	mpz_mul(t, k->d, k->e);
	mpz_sub_ui(t, t, 1);
	if (wrong == NULL &&
		(mpz_sgn(k->d) <= 0 || !mpz_divisible_p(t, p1) || !mpz_divisible_p(t, q1)))
		wrong = "PrivateExponent";
	mpz_mod(t, k->d, p1);
	if (wrong == NULL && mpz_cmp(t, k->dp) != 0)
		wrong = "Exponent1";
	mpz_mod(t, k->d, q1);
	if (wrong == NULL && mpz_cmp(t, k->dq) != 0)
		wrong = "Exponent2";
	mpz_mul(t, k->q, k->qinv);
	mpz_mod(t, t, k->p);
	if (wrong == NULL &&
		(mpz_cmp_ui(t, 1) != 0 || mpz_sgn(k->qinv) <= 0 || mpz_cmp(k->qinv, k->p) >= 0))
		wrong = "Coefficient";
	if (wrong == NULL && !there_and_back(k, p1, q1, t))
		wrong = "a test value";
	mpz_clears(p1, q1, t, NULL);
	return wrong == NULL
		       ? MS_OK
		       : ms_fail(why, MS_ERR_BAD_KEY, "the key's numbers do not fit: %s", wrong);
}

ms_err rsa_key_make(struct rsa_key *k, const struct rsa_wish *wish, struct ms_why *why)
{
	unsigned tries = 0;
	ms_err err;

	if (wish->bits > RSA_MAX_BITS)
		return ms_fail(why, MS_ERR_RANGE, "overlarge bit count (max %u)", RSA_MAX_BITS);
	if (wish->bits % 16 != 0 || wish->bits < RSA_MIN_BITS)
		return ms_fail(why, MS_ERR_RANGE, "bit count (%u) not multiple of 16, or below %u",
			wish->bits, RSA_MIN_BITS);
	mpz_set_ui(k->e, wish->e);
	do {
		if (tries++ == MAX_TRIES)
			return ms_fail(why, MS_ERR_CRYPTO,
				"no usable pair of primes after %u tries: is \"%.100s\" random?",
				MAX_TRIES, wish->random);
		err = make_prime(k->p, k->e, wish, why);
		if (err == MS_OK)
			err = make_prime(k->q, k->e, wish, why);
		if (err != MS_OK)
			return err;
		mpz_mul(k->n, k->p, k->q);
	} while (mpz_sizeinbase(k->n, 2) != wish->bits || too_close(k->p, k->q, wish->bits));
	return rsa_key_complete(k, wish->plain_d, wish->rounds, why);
}
