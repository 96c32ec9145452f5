/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making and completing RSA keys.
 *
 * Each prime begins as half the key's bits from the random source with the first and the last bit
 * set and is moved up to the next prime whose predecessor shares no factor with the public
 * exponent.  A pair whose product is a bit short, whose primes are close to each other, or whose
 * private exponent is small, is thrown away.  Nothing leaves this file without check().
 *
 * mpz numbers are not side-channel silent: keys are made by programs that do nothing else, and
 * while one is made GMP's memory functions are ours, which wipe what goes back.
 *
 * Standards: RFC 8017 s3 (numbers), FIPS 186-5 A.1.1, A.1.3 (conditions), B.3.1 (rounds).
 */
#include "crypto-gmp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TRIES = 100, MIN_BITS = 32, MAX_BITS = 20000 };
/* Of GMP's rounds the first ones stand for a Baillie-PSW test, which it always does. */
enum { BPSW_ROUNDS = 24 };

struct key {
	mpz_t v[MS_RSA_NUMBERS];
};
#define N(k)	((k)->v[MS_RSA_MODULUS])
#define E(k)	((k)->v[MS_RSA_PUBLIC_EXPONENT])
#define D(k)	((k)->v[MS_RSA_PRIVATE_EXPONENT])
#define P(k)	((k)->v[MS_RSA_PRIME1])
#define Q(k)	((k)->v[MS_RSA_PRIME2])
#define DP(k)	((k)->v[MS_RSA_EXPONENT1])
#define DQ(k)	((k)->v[MS_RSA_EXPONENT2])
#define QINV(k) ((k)->v[MS_RSA_COEFFICIENT])

static const char *const names[MS_RSA_NUMBERS] = { "Modulus", "PublicExponent", "PrivateExponent",
	"Prime1", "Prime2", "Exponent1", "Exponent2", "Coefficient" };

/* --- memory ----------------------------------------------------------------------------------- */

struct memory {
	void *(*get)(size_t size);
	void *(*regrow)(void *p, size_t old, size_t size);
	void (*give)(void *p, size_t size);
};

/* GMP cannot be told of failure; its own function ends the program too. */
static void *get(size_t size)
{
	void *p = malloc(size);

	if (p == NULL) {
		fputs("crypto-gmp: out of memory\n", stderr);
		abort();
	}
	return p;
}

static void give(void *p, size_t size)
{
	ms_wipe(p, size);
	free(p);
}

static void *regrow(void *p, size_t old, size_t size)
{
	void *fresh = get(size);

	memcpy(fresh, p, old < size ? old : size);
	give(p, old);
	return fresh;
}

static void key_begin(struct key *k, struct memory *before)
{
	mp_get_memory_functions(&before->get, &before->regrow, &before->give);
	mp_set_memory_functions(get, regrow, give);
	for (unsigned i = 0; i < MS_RSA_NUMBERS; i++)
		mpz_init(k->v[i]);
}

static void key_end(struct key *k, const struct memory *before)
{
	for (unsigned i = 0; i < MS_RSA_NUMBERS; i++)
		mpz_clear(k->v[i]);
	mp_set_memory_functions(before->get, before->regrow, before->give);
}

/* --- in and out ------------------------------------------------------------------------------- */

static bool put_number(struct ms_secret *out, mpz_srcptr z)
{
	out->len = (mpz_sizeinbase(z, 2) + 7) / 8;
	out->ptr = calloc(1, out->len);
	if (out->ptr == NULL)
		return false;
	mpz_export(out->ptr, NULL, 1, 1, 1, 0, z);
	return true;
}

/* What `out` held is replaced only when all is there. */
static ms_err put_key(struct ms_rsa_key *out, const struct key *k)
{
	struct ms_rsa_key fresh = { 0 };

	for (unsigned i = 0; i < MS_RSA_NUMBERS; i++) {
		if (!put_number(&fresh.number[i], k->v[i])) {
			ms_rsa_key_free(&fresh);
			return MS_ERR_NOMEM;
		}
	}
	ms_rsa_key_free(out);
	*out = fresh;
	return MS_OK;
}

/* How many there are; those of a completable key must be. */
static ms_err take_key(struct key *k, const struct ms_rsa_key *in, bool *whole, struct ms_why *why)
{
	static const bool needed[MS_RSA_NUMBERS] = { [MS_RSA_MODULUS] = true,
		[MS_RSA_PUBLIC_EXPONENT] = true, [MS_RSA_PRIME1] = true, [MS_RSA_PRIME2] = true };

	*whole = true;
	for (unsigned i = 0; i < MS_RSA_NUMBERS; i++) {
		const struct ms_secret *s = &in->number[i];

		if (s->len > MAX_BITS / 8)
			return ms_fail(why, MS_ERR_BAD_KEY, "%s has %zu octets; at most %d fit",
				names[i], s->len, MAX_BITS / 8);
		if (s->len == 0 && needed[i])
			return ms_fail(why, MS_ERR_BAD_KEY, "no %s", names[i]);
		*whole = *whole && s->len != 0;
		mpz_import(k->v[i], s->len, 1, 1, 1, 0, s->ptr);
	}
	return MS_OK;
}

/* --- primes ----------------------------------------------------------------------------------- */

static bool is_prime(const mpz_t z, uint32_t rounds)
{
	return mpz_probab_prime_p(z, (int)(rounds < INT32_MAX / 2 ? rounds : INT32_MAX / 2)
		+ BPSW_ROUNDS) != 0;
}

static bool fits_exponent(const mpz_t prime, const mpz_t e)
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

static ms_err not_random(struct ms_why *why)
{
	return ms_fail(why, MS_ERR_CRYPTO,
		"no usable pair of primes after %d tries: is its source random?", MAX_TRIES);
}

static ms_err make_prime(
	mpz_t out, const mpz_t e, const struct ms_rsa_wish *wish, struct ms_why *why)
{
	unsigned bits = wish->bits / 2, above = bits % 8;
	size_t len = (bits + 7) / 8;
	uint8_t start[MAX_BITS / 16 + 1];
	unsigned steps = 0, starts = 0;
	ms_err err;

	do {
		if (starts++ == MAX_TRIES)
			return not_random(why);
		err = wish->random(wish->arg, start, len, why);
		if (err != MS_OK)
			return err;
		if (above != 0)
			start[0] &= (uint8_t)((1u << above) - 1);
		start[0] |= (uint8_t)(1u << (above == 0 ? 7 : above - 1));
		start[len - 1] |= 0x01;
		mpz_import(out, len, 1, 1, 1, 0, start);
		ms_wipe(start, sizeof start);
		mpz_sub_ui(out, out, 1); /* the start itself may be prime */
		do {
			mpz_nextprime(out, out);
			steps++;
		} while (!fits_exponent(out, e) || !is_prime(out, wish->rounds));
	} while (mpz_sizeinbase(out, 2) != bits);
	if (wish->progress != NULL)
		wish->progress(wish->arg, bits, steps);
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

static void derive(struct key *k, const mpz_t p1, const mpz_t q1, mpz_t phi, bool plain_d)
{
	if (plain_d)
		mpz_mul(phi, p1, q1);
	else
		mpz_lcm(phi, p1, q1);
	if (mpz_invert(D(k), E(k), phi) == 0)
		mpz_set_ui(D(k), 0);
	mpz_mod(DP(k), D(k), p1);
	mpz_mod(DQ(k), D(k), q1);
	if (mpz_invert(QINV(k), Q(k), P(k)) == 0)
		mpz_set_ui(QINV(k), 0);
}

/* A value to the power e and back by the Chinese remainder (RFC 8017 s5.1.2 2.b). */
static bool there_and_back(const struct key *k, mpz_t a, mpz_t b, mpz_t c)
{
	mpz_tdiv_q_ui(a, N(k), 3);
	mpz_powm(b, a, E(k), N(k));
	mpz_powm(c, b, DQ(k), Q(k));
	mpz_powm(b, b, DP(k), P(k));
	mpz_sub(b, b, c);
	mpz_mul(b, b, QINV(k));
	mpz_mod(b, b, P(k));
	mpz_mul(b, b, Q(k));
	mpz_add(b, b, c);
	return mpz_cmp(a, b) == 0;
}

/* NULL: every relation between the eight holds. */
static const char *broken_relation(const struct key *k, const mpz_t p1, const mpz_t q1, mpz_t t)
{
	mpz_mul(t, P(k), Q(k));
	if (mpz_cmp(t, N(k)) != 0)
		return "Modulus";
	mpz_mul(t, D(k), E(k));
	mpz_sub_ui(t, t, 1);
	if (mpz_sgn(D(k)) <= 0 || !mpz_divisible_p(t, p1) || !mpz_divisible_p(t, q1))
		return "PrivateExponent";
	mpz_mod(t, D(k), p1);
	if (mpz_cmp(t, DP(k)) != 0)
		return "Exponent1";
	mpz_mod(t, D(k), q1);
	if (mpz_cmp(t, DQ(k)) != 0)
		return "Exponent2";
	mpz_mul(t, Q(k), QINV(k));
	mpz_mod(t, t, P(k));
	if (mpz_cmp_ui(t, 1) != 0 || mpz_sgn(QINV(k)) <= 0 || mpz_cmp(QINV(k), P(k)) >= 0)
		return "Coefficient";
	return NULL;
}

static ms_err check(const struct key *k, struct ms_why *why)
{
	const char *wrong;
	mpz_t p1, q1, t;

	mpz_inits(p1, q1, t, NULL);
	mpz_sub_ui(p1, P(k), 1);
	mpz_sub_ui(q1, Q(k), 1);
	wrong = mpz_sgn(p1) <= 0 || mpz_sgn(q1) <= 0 ? "the primes" : broken_relation(k, p1, q1, t);
	if (wrong == NULL && !there_and_back(k, p1, q1, t))
		wrong = "a test value";
	mpz_clears(p1, q1, t, NULL);
	return wrong == NULL
		       ? MS_OK
		       : ms_fail(why, MS_ERR_BAD_KEY, "the key's numbers do not fit: %s", wrong);
}

static ms_err finish(struct key *k, const struct ms_rsa_wish *wish, struct ms_why *why)
{
	ms_err err = MS_OK;
	mpz_t p1, q1, t;

	mpz_inits(p1, q1, t, NULL);
	if (mpz_cmp(P(k), Q(k)) < 0)
		mpz_swap(P(k), Q(k));
	mpz_mul(t, P(k), Q(k));
	mpz_sub_ui(p1, P(k), 1);
	mpz_sub_ui(q1, Q(k), 1);
	if (mpz_cmp_ui(E(k), 3) < 0 || mpz_even_p(E(k)))
		err = ms_fail(why, MS_ERR_BAD_KEY, "the public exponent is even or below 3");
	else if (mpz_cmp(t, N(k)) != 0)
		err = ms_fail(why, MS_ERR_BAD_KEY, "the product of the primes is not the modulus");
	else if (mpz_cmp(P(k), Q(k)) == 0 || !is_prime(P(k), wish->rounds) ||
		 !is_prime(Q(k), wish->rounds))
		err = ms_fail(why, MS_ERR_BAD_KEY, "the primes are not two primes");
	else if (!fits_exponent(P(k), E(k)) || !fits_exponent(Q(k), E(k)))
		err = ms_fail(why, MS_ERR_BAD_KEY, "the public exponent does not fit the primes");
	else
		derive(k, p1, q1, t, wish->plain_d);
	mpz_clears(p1, q1, t, NULL);
	return err == MS_OK ? check(k, why) : err;
}

/* --- the interface ---------------------------------------------------------------------------- */

static ms_err make_key(struct key *k, const struct ms_rsa_wish *wish, struct ms_why *why)
{
	uint8_t e[8];
	ms_err err;

	for (unsigned i = 0; i < sizeof e; i++)
		e[i] = (uint8_t)(wish->public_exponent >> (56 - 8 * i));
	mpz_import(E(k), sizeof e, 1, 1, 1, 0, e);
	for (unsigned tries = 0; tries < MAX_TRIES; tries++) {
		err = make_prime(P(k), E(k), wish, why);
		if (err == MS_OK)
			err = make_prime(Q(k), E(k), wish, why);
		if (err != MS_OK)
			return err;
		mpz_mul(N(k), P(k), Q(k));
		if (mpz_sizeinbase(N(k), 2) != wish->bits || too_close(P(k), Q(k), wish->bits))
			continue;
		err = finish(k, wish, why);
		if (err != MS_OK || mpz_sizeinbase(D(k), 2) > wish->bits / 2)
			return err;
	}
	return not_random(why);
}

static ms_err make(const struct ms_rsa_wish *wish, struct ms_rsa_key *out, struct ms_why *why)
{
	struct memory before;
	struct key k;
	ms_err err;

	if (wish->size < sizeof *wish || wish->random == NULL)
		return MS_ERR_BUG;
	if (wish->bits % 2 != 0 || wish->bits < MIN_BITS || wish->bits > MAX_BITS)
		return ms_fail(why, MS_ERR_RANGE, "RSA keys have an even number of bits, %d to %d",
			MIN_BITS, MAX_BITS);
	if (wish->public_exponent < 3 || wish->public_exponent % 2 == 0)
		return ms_fail(why, MS_ERR_RANGE, "the public exponent is even or below 3");
	key_begin(&k, &before);
	err = make_key(&k, wish, why);
	if (err == MS_OK)
		err = put_key(out, &k);
	key_end(&k, &before);
	return err;
}

static ms_err complete(const struct ms_rsa_wish *wish, struct ms_rsa_key *key, struct ms_why *why)
{
	struct memory before;
	struct key k;
	bool whole;
	ms_err err;

	if (wish->size < sizeof *wish)
		return MS_ERR_BUG;
	key_begin(&k, &before);
	err = take_key(&k, key, &whole, why);
	if (err == MS_OK && whole && mpz_cmp(P(&k), Q(&k)) > 0)
		err = check(&k, why);
	if (err == MS_OK)
		err = finish(&k, wish, why);
	if (err == MS_OK)
		err = put_key(key, &k);
	key_end(&k, &before);
	return err;
}

const struct ms_rsa_ops rsa_ops = { make, complete };
