/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RSA keys from raw numbers: the public form of DNS records and leftrsasigkey=, and the eight
 * numbers of ipsec.secrets with every relation between them checked, since a key with one wrong
 * digit would give away its factors in the first signature.
 *
 * Standards: RFC 3110 s2, RFC 8017 s3.2.
 */
#include "rsa.h"

#include "crypto-openssl.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

static ms_err rsa_size_check(unsigned bits, struct ms_why *why)
{
	if (bits < RSA_MIN_BITS)
		return ms_fail(why, MS_ERR_BAD_KEY,
			"RSA modulus of %u bits is too small; at least %u are wanted", bits,
			RSA_MIN_BITS);
	if (bits > RSA_MAX_BITS)
		return ms_fail(why, MS_ERR_BAD_KEY,
			"RSA modulus of %u bits is too large; at most %u are possible", bits,
			RSA_MAX_BITS);
	return MS_OK;
}

/* In the order of enum ms_rsa_number. */
enum part { N, E, D, P, Q, DP, DQ, QINV, PARTS };
_Static_assert((int)PARTS == (int)MS_RSA_NUMBERS, "a number has no name");

static const char *const part_names[PARTS] = { "Modulus", "PublicExponent", "PrivateExponent",
	"Prime1", "Prime2", "Exponent1", "Exponent2", "Coefficient" };
static const char *const part_params[PARTS] = { OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E,
	OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2,
	OSSL_PKEY_PARAM_RSA_EXPONENT1, OSSL_PKEY_PARAM_RSA_EXPONENT2,
	OSSL_PKEY_PARAM_RSA_COEFFICIENT1 };

/* Takes the first `count` numbers. */
static EVP_PKEY *build(BIGNUM *const v[PARTS], unsigned count)
{
	EVP_PKEY_CTX *x = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pkey = NULL;
	bool ok = x != NULL && b != NULL;
	unsigned i;

	for (i = 0; ok && i < count; i++)
		ok = OSSL_PARAM_BLD_push_BN(b, part_params[i], v[i]) == 1;
	if (ok)
		params = OSSL_PARAM_BLD_to_param(b);
	if (params != NULL && EVP_PKEY_fromdata_init(x) == 1)
		(void)EVP_PKEY_fromdata(
			x, &pkey, count > 2 ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(b);
	EVP_PKEY_CTX_free(x);
	return pkey;
}

/* What a public key alone can show. */
static ms_err check_public(const BIGNUM *n, const BIGNUM *e, struct ms_why *why)
{
	ms_err err = rsa_size_check((unsigned)BN_num_bits(n), why);

	if (err != MS_OK)
		return err;
	if (!BN_is_odd(n))
		return ms_fail(why, MS_ERR_BAD_KEY, "the RSA modulus is even");
	if (!BN_is_odd(e) || BN_is_one(e))
		return ms_fail(why, MS_ERR_BAD_KEY, "the RSA public exponent is even or 1");
	if (BN_num_bits(e) > 64)
		return ms_fail(why, MS_ERR_BAD_KEY,
			"the RSA public exponent has %d bits; at most 64 are accepted",
			BN_num_bits(e));
	return MS_OK;
}

ms_err rsa_public_check(const EVP_PKEY *pkey, struct ms_why *why)
{
	BIGNUM *n = NULL, *e = NULL;
	ms_err err = MS_ERR_BAD_KEY;

	if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
		EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1)
		err = check_public(n, e, why);
	else
		err = openssl_fail(why, err, "RSA key without modulus and exponent");
	BN_free(n);
	BN_free(e);
	return err;
}

EVP_PKEY *rsa_public(struct ms_bytes n, struct ms_bytes e)
{
	BIGNUM *v[PARTS] = { NULL };
	EVP_PKEY *pkey = NULL;

	if (n.len > RSA_MAX_BITS / 8 || e.len > RSA_MAX_BITS / 8)
		return NULL;
	v[N] = BN_bin2bn(n.ptr, (int)n.len, NULL);
	v[E] = BN_bin2bn(e.ptr, (int)e.len, NULL);
	if (v[N] != NULL && v[E] != NULL)
		pkey = build(v, 2);
	BN_free(v[N]);
	BN_free(v[E]);
	return pkey;
}

ms_err pubkey_from_rfc3110(struct ms_pubkey **out, struct ms_bytes blob, struct ms_why *why)
{
	size_t head = 1, e_len = blob.len > 0 ? blob.ptr[0] : 0;
	BIGNUM *v[PARTS] = { NULL };
	EVP_PKEY *pkey = NULL;
	ms_err err;

	/* RFC 3110 s2: one octet of length, or zero and two octets */
	if (blob.len >= 3 && e_len == 0) {
		e_len = (size_t)blob.ptr[1] << 8 | blob.ptr[2];
		head = 3;
	}
	if (e_len == 0 || blob.len <= head + e_len)
		return ms_fail(why, MS_ERR_BAD_KEY,
			"%zu octets are too few for an RFC 3110 key with an exponent of %zu octets",
			blob.len, e_len);
	if (blob.len - head - e_len > RSA_MAX_BITS / 8)
		return rsa_size_check((unsigned)(blob.len - head - e_len) * 8u, why);
	v[E] = BN_bin2bn(blob.ptr + head, (int)e_len, NULL);
	v[N] = BN_bin2bn(blob.ptr + head + e_len, (int)(blob.len - head - e_len), NULL);
	err = v[E] == NULL || v[N] == NULL ? MS_ERR_NOMEM : check_public(v[N], v[E], why);
	if (err == MS_OK && (pkey = build(v, 2)) == NULL)
		err = openssl_fail(why, MS_ERR_BAD_KEY, "RSA public key");
	BN_free(v[N]);
	BN_free(v[E]);
	return err != MS_OK ? err : pubkey_new(out, pkey, why);
}

/* --- the eight numbers ----------------------------------------------------------------------- */

struct relations {
	BIGNUM *p1, *q1, *t; /* p - 1, q - 1, scratch */
	BN_CTX *bn;
};

static bool product_is_one(
	const struct relations *r, const BIGNUM *a, const BIGNUM *b, const BIGNUM *m)
{
	return BN_mod_mul(r->t, a, b, m, r->bn) == 1 && BN_is_one(r->t);
}

static bool remainder_is(
	const struct relations *r, const BIGNUM *a, const BIGNUM *m, const BIGNUM *want)
{
	return BN_nnmod(r->t, a, m, r->bn) == 1 && BN_cmp(r->t, want) == 0;
}

static bool coprime(const struct relations *r, const BIGNUM *a, const BIGNUM *b)
{
	return BN_gcd(r->t, a, b, r->bn) == 1 && BN_is_one(r->t);
}

/* NULL: all hold. */
static const char *broken_relation(const struct relations *r, BIGNUM *const v[PARTS])
{
	const BIGNUM *p1 = r->p1, *q1 = r->q1;

	if (BN_cmp(v[P], v[Q]) == 0)
		return "Prime1 and Prime2 are the same";
	if (BN_mul(r->t, v[P], v[Q], r->bn) != 1 || BN_cmp(r->t, v[N]) != 0)
		return "Modulus is not Prime1 times Prime2";
	if (!coprime(r, v[E], p1))
		return "PublicExponent has a common divisor with Prime1 - 1";
	if (!coprime(r, v[E], q1))
		return "PublicExponent has a common divisor with Prime2 - 1";
	/* d * e = 1 modulo lcm(p - 1, q - 1) is the same as modulo both */
	if (!product_is_one(r, v[D], v[E], p1) || !product_is_one(r, v[D], v[E], q1))
		return "PrivateExponent is not the inverse of PublicExponent";
	if (!remainder_is(r, v[D], p1, v[DP]))
		return "Exponent1 is not PrivateExponent modulo Prime1 - 1";
	if (!remainder_is(r, v[D], q1, v[DQ]))
		return "Exponent2 is not PrivateExponent modulo Prime2 - 1";
	if (BN_is_zero(v[QINV]) || BN_cmp(v[QINV], v[P]) >= 0)
		return "Coefficient is not between 0 and Prime1";
	if (!product_is_one(r, v[QINV], v[Q], v[P]))
		return "Coefficient is not the inverse of Prime2 modulo Prime1";
	return NULL;
}

ms_err rsa_private_check(BIGNUM *const v[MS_RSA_NUMBERS], struct ms_why *why)
{
	struct relations r = { BN_dup(v[P]), BN_dup(v[Q]), BN_new(), BN_CTX_new() };
	ms_err err = check_public(v[N], v[E], why);
	const char *broken;

	if (r.p1 == NULL || r.q1 == NULL || r.t == NULL || r.bn == NULL) {
		err = MS_ERR_NOMEM;
	} else if (err == MS_OK && (BN_num_bits(v[P]) < 2 || BN_num_bits(v[Q]) < 2 ||
					   !BN_is_odd(v[P]) || !BN_is_odd(v[Q]))) {
		err = ms_fail(why, MS_ERR_BAD_KEY, "Prime1 or Prime2 is even or 1");
	} else if (err == MS_OK) {
		BN_sub_word(r.p1, 1);
		BN_sub_word(r.q1, 1);
		broken = broken_relation(&r, v);
		if (broken != NULL)
			err = ms_fail(why, MS_ERR_BAD_KEY, "%s", broken);
	}
	ERR_clear_error();
	BN_clear_free(r.p1);
	BN_clear_free(r.q1);
	BN_clear_free(r.t);
	BN_CTX_free(r.bn);
	return err;
}

ms_err privkey_from_rsa(
	struct ms_privkey **out, const struct ms_rsa_parts *parts, struct ms_why *why)
{
	const struct ms_bytes in[PARTS] = { parts->modulus, parts->public_exponent,
		parts->private_exponent, parts->prime1, parts->prime2, parts->exponent1,
		parts->exponent2, parts->coefficient };
	BIGNUM *v[PARTS] = { NULL };
	EVP_PKEY *pkey = NULL;
	ms_err err = MS_OK;
	unsigned i;

	for (i = 0; err == MS_OK && i < PARTS; i++) {
		if (in[i].len == 0)
			err = ms_fail(why, MS_ERR_BAD_KEY, "%s is missing", part_names[i]);
		else if (in[i].len > RSA_MAX_BITS / 8)
			err = ms_fail(why, MS_ERR_BAD_KEY, "%s has %zu octets; at most %u fit",
				part_names[i], in[i].len, RSA_MAX_BITS / 8);
		else if ((v[i] = BN_bin2bn(in[i].ptr, (int)in[i].len, NULL)) == NULL)
			err = MS_ERR_NOMEM;
	}
	if (err == MS_OK)
		err = rsa_private_check(v, why);
	for (i = D; err == MS_OK && i < PARTS; i++)
		BN_set_flags(v[i], BN_FLG_CONSTTIME);
	if (err == MS_OK && (pkey = build(v, PARTS)) == NULL)
		err = openssl_fail(why, MS_ERR_BAD_KEY, "RSA private key");
	for (i = 0; i < PARTS; i++)
		BN_clear_free(v[i]);
	return err != MS_OK ? err : privkey_new(out, pkey, why);
}
