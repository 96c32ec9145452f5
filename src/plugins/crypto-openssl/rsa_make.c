/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RSA keys from a source of random octets that somebody else chose, which OpenSSL's own maker of
 * keys does not ask: each prime is the first one from where its octets begin.
 *
 * Standards: RFC 8017 s3, FIPS 186-5 A.1.1 and A.1.3; crypto.h says which conditions hold.
 */
#include "rsa.h"

#include "crypto-openssl.h"

#include <openssl/err.h>

enum { MAX_TRIES = 100, CHECKED_ROUNDS = 64 /* of BN_check_prime(), at least */ };

struct work {
	BIGNUM *v[MS_RSA_NUMBERS];
	BIGNUM *p1, *q1, *t;
	BN_CTX *bn;
};

static bool work_begin(struct work *w)
{
	bool good = true;

	*w = (struct work){ .p1 = BN_new(), .q1 = BN_new(), .t = BN_new(), .bn = BN_CTX_new() };
	for (unsigned i = 0; i < MS_RSA_NUMBERS; i++) {
		w->v[i] = BN_new();
		good = good && w->v[i] != NULL;
	}
	return good && w->p1 != NULL && w->q1 != NULL && w->t != NULL && w->bn != NULL;
}

static void work_end(struct work *w)
{
	for (unsigned i = 0; i < MS_RSA_NUMBERS; i++)
		BN_clear_free(w->v[i]);
	BN_clear_free(w->p1);
	BN_clear_free(w->q1);
	BN_clear_free(w->t);
	BN_CTX_free(w->bn);
	ERR_clear_error();
}

/* --- primes ----------------------------------------------------------------------------------- */

static bool fits_exponent(struct work *w, const BIGNUM *prime)
{
	return BN_copy(w->t, prime) != NULL && BN_sub_word(w->t, 1) == 1 &&
	       BN_gcd(w->t, w->t, w->v[MS_RSA_PUBLIC_EXPONENT], w->bn) == 1 && BN_is_one(w->t);
}

static bool is_prime(struct work *w, const BIGNUM *n, uint32_t rounds)
{
	for (uint64_t done = 0; done == 0 || done < rounds; done += CHECKED_ROUNDS)
		if (BN_check_prime(n, w->bn, NULL) != 1)
			return false;
	return true;
}

static ms_err not_random(struct ms_why *why)
{
	return ms_fail(why, MS_ERR_CRYPTO,
		"no usable pair of primes after %d tries: is its source random?", MAX_TRIES);
}

static ms_err begin_prime(BIGNUM *out, const struct ms_rsa_wish *wish, struct ms_why *why)
{
	int bits = (int)wish->bits / 2;
	uint8_t start[RSA_MAX_BITS / 16];
	size_t len = (size_t)(bits + 7) / 8;
	ms_err err = wish->random(wish->arg, start, len, why);

	if (err == MS_OK && (BN_bin2bn(start, (int)len, out) == NULL ||
				    (BN_num_bits(out) > bits && BN_mask_bits(out, bits) != 1) ||
				    BN_set_bit(out, bits - 1) != 1 || BN_set_bit(out, 0) != 1))
		err = MS_ERR_NOMEM;
	ms_wipe(start, sizeof start);
	return err;
}

static ms_err make_prime(
	struct work *w, BIGNUM *out, const struct ms_rsa_wish *wish, struct ms_why *why)
{
	int bits = (int)wish->bits / 2;
	unsigned looked_at = 0;

	for (unsigned starts = 0; starts < MAX_TRIES; starts++) {
		ms_err err = begin_prime(out, wish, why);

		if (err != MS_OK)
			return err;
		for (; BN_num_bits(out) == bits; BN_add_word(out, 2)) {
			looked_at++;
			if (!fits_exponent(w, out) || !is_prime(w, out, wish->rounds))
				continue;
			if (wish->progress != NULL)
				wish->progress(wish->arg, (unsigned)bits, looked_at);
			return MS_OK;
		}
	}
	return not_random(why);
}

/* Two primes whose upper hundred bits are the same could be found from their product. */
static bool too_close(struct work *w, unsigned bits)
{
	int distance = bits / 2 > 200 ? (int)(bits / 2) - 100 : 1;

	return BN_sub(w->t, w->v[MS_RSA_PRIME1], w->v[MS_RSA_PRIME2]) != 1 ||
	       BN_num_bits(w->t) <= distance;
}

/* --- the other numbers ------------------------------------------------------------------------ */

/* t = (p-1)(q-1), or the least common multiple; d, dP, dQ and qInv from it. */
static bool derive(struct work *w, bool plain_d)
{
	BIGNUM **v = w->v, *d = v[MS_RSA_PRIVATE_EXPONENT], *common = v[MS_RSA_EXPONENT1];

	if (BN_mul(w->t, w->p1, w->q1, w->bn) != 1)
		return false;
	if (!plain_d && (BN_gcd(common, w->p1, w->q1, w->bn) != 1 ||
				BN_div(w->t, NULL, w->t, common, w->bn) != 1))
		return false;
	BN_set_flags(w->t, BN_FLG_CONSTTIME);
	BN_set_flags(v[MS_RSA_PRIME1], BN_FLG_CONSTTIME);
	return BN_mod_inverse(d, v[MS_RSA_PUBLIC_EXPONENT], w->t, w->bn) != NULL &&
	       BN_mod(v[MS_RSA_EXPONENT1], d, w->p1, w->bn) == 1 &&
	       BN_mod(v[MS_RSA_EXPONENT2], d, w->q1, w->bn) == 1 &&
	       BN_mod_inverse(v[MS_RSA_COEFFICIENT], v[MS_RSA_PRIME2], v[MS_RSA_PRIME1], w->bn) !=
		       NULL;
}

static ms_err finish(struct work *w, const struct ms_rsa_wish *wish, struct ms_why *why)
{
	const BIGNUM *p = w->v[MS_RSA_PRIME1], *q = w->v[MS_RSA_PRIME2];

	if (BN_num_bits(p) < 2 || BN_num_bits(q) < 2 || BN_cmp(p, q) == 0 ||
		!is_prime(w, p, wish->rounds) || !is_prime(w, q, wish->rounds))
		return ms_fail(why, MS_ERR_BAD_KEY, "the primes are not two primes");
	if (!fits_exponent(w, p) || !fits_exponent(w, q))
		return ms_fail(why, MS_ERR_BAD_KEY, "the public exponent does not fit the primes");
	if (BN_copy(w->p1, p) == NULL || BN_copy(w->q1, q) == NULL || BN_sub_word(w->p1, 1) != 1 ||
		BN_sub_word(w->q1, 1) != 1 || !derive(w, wish->plain_d))
		return openssl_fail(why, MS_ERR_CRYPTO, "cannot calculate the key");
	return rsa_private_check(w->v, why);
}

/* --- in and out ------------------------------------------------------------------------------- */

/* What `out` held is replaced only when all is there. */
static ms_err put_key(struct ms_rsa_key *out, const struct work *w)
{
	uint8_t octets[RSA_MAX_BITS / 8];
	struct ms_rsa_key fresh = { 0 };
	bool good = true;

	for (unsigned i = 0; i < MS_RSA_NUMBERS && good; i++)
		good = ms_secret_set(&fresh.number[i],
			ms_bytes(octets, (size_t)BN_bn2bin(w->v[i], octets)));
	ms_wipe(octets, sizeof octets);
	ms_rsa_key_free(good ? out : &fresh);
	if (good)
		*out = fresh;
	return good ? MS_OK : MS_ERR_NOMEM;
}

static ms_err take_key(struct work *w, const struct ms_rsa_key *in, bool *whole, struct ms_why *why)
{
	*whole = true;
	for (unsigned i = 0; i < MS_RSA_NUMBERS; i++) {
		const struct ms_secret *s = &in->number[i];

		if (s->len > RSA_MAX_BITS / 8)
			return ms_fail(why, MS_ERR_BAD_KEY, "a number of %zu octets; at most %d fit",
				s->len, RSA_MAX_BITS / 8);
		*whole = *whole && s->len != 0;
		if (BN_bin2bn(s->ptr, (int)s->len, w->v[i]) == NULL)
			return MS_ERR_NOMEM;
	}
	return MS_OK;
}

/* The larger prime comes first; true: it did. */
static bool sort_primes(struct work *w)
{
	bool sorted = BN_cmp(w->v[MS_RSA_PRIME1], w->v[MS_RSA_PRIME2]) > 0;

	if (!sorted)
		BN_swap(w->v[MS_RSA_PRIME1], w->v[MS_RSA_PRIME2]);
	return sorted;
}

/* --- the interface ---------------------------------------------------------------------------- */

static ms_err make_key(struct work *w, const struct ms_rsa_wish *wish, struct ms_why *why)
{
	BIGNUM **v = w->v;
	ms_err err;

	for (unsigned tries = 0; tries < MAX_TRIES; tries++) {
		err = make_prime(w, v[MS_RSA_PRIME1], wish, why);
		if (err == MS_OK)
			err = make_prime(w, v[MS_RSA_PRIME2], wish, why);
		if (err != MS_OK)
			return err;
		(void)sort_primes(w);
		if (BN_mul(v[MS_RSA_MODULUS], v[MS_RSA_PRIME1], v[MS_RSA_PRIME2], w->bn) != 1)
			return MS_ERR_NOMEM;
		if (BN_num_bits(v[MS_RSA_MODULUS]) != (int)wish->bits || too_close(w, wish->bits))
			continue;
		err = finish(w, wish, why);
		if (err != MS_OK || BN_num_bits(v[MS_RSA_PRIVATE_EXPONENT]) > (int)wish->bits / 2)
			return err;
	}
	return not_random(why);
}

static ms_err make(const struct ms_rsa_wish *wish, struct ms_rsa_key *out, struct ms_why *why)
{
	uint8_t e[8];
	struct work w;
	ms_err err = MS_ERR_NOMEM;

	if (wish->size < sizeof *wish || wish->random == NULL)
		return MS_ERR_BUG;
	if (wish->bits % 2 != 0 || wish->bits < RSA_MIN_BITS || wish->bits > RSA_MAX_BITS)
		return ms_fail(why, MS_ERR_RANGE, "RSA keys have an even number of bits, %d to %d",
			RSA_MIN_BITS, RSA_MAX_BITS);
	if (wish->public_exponent < 3 || wish->public_exponent % 2 == 0)
		return ms_fail(why, MS_ERR_RANGE, "the public exponent is even or below 3");
	for (unsigned i = 0; i < sizeof e; i++)
		e[i] = (uint8_t)(wish->public_exponent >> (56 - 8 * i));
	if (work_begin(&w) && BN_bin2bn(e, sizeof e, w.v[MS_RSA_PUBLIC_EXPONENT]) != NULL)
		err = make_key(&w, wish, why);
	if (err == MS_OK)
		err = put_key(out, &w);
	work_end(&w);
	return err;
}

static ms_err complete(const struct ms_rsa_wish *wish, struct ms_rsa_key *key, struct ms_why *why)
{
	struct work w;
	bool whole = false;
	ms_err err = MS_ERR_NOMEM;

	if (wish->size < sizeof *wish)
		return MS_ERR_BUG;
	if (work_begin(&w))
		err = take_key(&w, key, &whole, why);
	if (err == MS_OK && sort_primes(&w) && whole)
		err = rsa_private_check(w.v, why);
	if (err == MS_OK)
		err = finish(&w, wish, why);
	if (err == MS_OK)
		err = put_key(key, &w);
	work_end(&w);
	return err;
}

const struct ms_rsa_ops rsa_make_ops = { make, complete };
