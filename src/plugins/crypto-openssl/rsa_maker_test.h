/* SPDX-License-Identifier: Apache-2.0 */
/* What every maker of RSA keys has to pass: its keys judged by OpenSSL's arithmetic; wrong keys,
 * sources and wishes. */
#ifndef CRYPTO_OPENSSL_RSA_MAKER_TEST_H
#define CRYPTO_OPENSSL_RSA_MAKER_TEST_H

#include "plugins/crypto-openssl/crypto_test.h"

#include <openssl/rand.h>

/* The one under test. */
struct maker {
	const struct ms_rsa_ops *ops;
	unsigned min_bits, max_bits;
};
static const struct maker *maker;

struct source {
	ms_err fails;
	int octet; /* what all octets are; -1: random */
	unsigned asked, told;
	size_t last_len;
};

static ms_err give(void *arg, void *out, size_t len, struct ms_why *why)
{
	struct source *s = arg;

	s->asked++;
	s->last_len = len;
	if (s->fails != MS_OK)
		return ms_fail(why, s->fails, "the well is dry");
	if (s->octet >= 0)
		memset(out, s->octet, len);
	else
		assert_int_equal(RAND_bytes(out, (int)len), 1);
	return MS_OK;
}

static void tell(void *arg, unsigned bits, unsigned looked_at)
{
	struct source *s = arg;

	s->told++;
	assert_true(bits > 0 && looked_at > 0);
}

static struct ms_rsa_wish wish_for(struct source *s, unsigned bits, uint64_t e)
{
	return (struct ms_rsa_wish){ .size = sizeof(struct ms_rsa_wish),
		.bits = bits,
		.public_exponent = e,
		.rounds = 5,
		.random = give,
		.progress = tell,
		.arg = s };
}

static BIGNUM *number(const struct ms_rsa_key *key, enum ms_rsa_number which)
{
	const struct ms_secret *s = &key->number[which];

	assert_true(s->len > 0 && s->ptr[0] != 0); /* no leading zeros */
	return BN_bin2bn(s->ptr, (int)s->len, NULL);
}

/* FIPS 186-5 A.1.1 and A.1.3, as crypto.h repeats them. */
static void judge_size(const struct ms_rsa_key *key, unsigned bits, bool plain_d)
{
	BIGNUM *n = number(key, MS_RSA_MODULUS), *d = number(key, MS_RSA_PRIVATE_EXPONENT);
	BIGNUM *p = number(key, MS_RSA_PRIME1), *q = number(key, MS_RSA_PRIME2), *t = BN_new();
	BN_CTX *ctx = BN_CTX_new();

	assert_int_equal(BN_num_bits(n), bits);
	assert_int_equal(BN_num_bits(p), bits / 2);
	assert_int_equal(BN_num_bits(q), bits / 2);
	assert_true(BN_cmp(p, q) > 0 && BN_num_bits(d) > (int)(bits / 2));
	BN_sub(t, p, q);
	assert_true(bits <= 400 || BN_num_bits(t) > (int)(bits / 2 - 100));
	assert_int_equal(BN_check_prime(p, ctx, NULL), 1);
	assert_int_equal(BN_check_prime(q, ctx, NULL), 1);
	BN_sub_word(p, 1);
	BN_sub_word(q, 1);
	BN_gcd(t, p, q, ctx);
	BN_mul(n, p, q, ctx);
	if (!plain_d)
		BN_div(n, NULL, n, t, ctx);
	assert_true(BN_cmp(d, n) < 0);
	BN_free(n), BN_free(d), BN_free(p), BN_free(q), BN_free(t);
	BN_CTX_free(ctx);
}

static struct ms_bytes part(const struct ms_rsa_key *key, enum ms_rsa_number which)
{
	return ms_bytes(key->number[which].ptr, key->number[which].len);
}

/* OpenSSL's reader checks every relation; then a signature. */
static void judge_by_openssl(const struct ms_rsa_key *key)
{
	const struct ms_rsa_parts parts = { part(key, MS_RSA_MODULUS),
		part(key, MS_RSA_PUBLIC_EXPONENT), part(key, MS_RSA_PRIVATE_EXPONENT),
		part(key, MS_RSA_PRIME1), part(key, MS_RSA_PRIME2), part(key, MS_RSA_EXPONENT1),
		part(key, MS_RSA_EXPONENT2), part(key, MS_RSA_COEFFICIENT) };
	const struct ms_bytes words = ms_bytes("words", 5);
	uint8_t signature[MS_MAX_SIGNATURE_OCTETS];
	size_t len = sizeof signature;
	struct ms_privkey *priv = NULL;
	struct ms_pubkey *pub = NULL;
	struct ms_why why = { "" };

	if (sign_ops.privkey_from_rsa(&priv, &parts, &why) != MS_OK)
		fail_msg("%s", why.text);
	assert_int_equal(sign_ops.pubkey_of(&pub, priv), MS_OK);
	assert_int_equal(sign_ops.sign(priv, MS_SIGN_RSA_PKCS1, MS_HASH_SHA2_256, &words, 1,
		signature, &len), MS_OK);
	assert_int_equal(sign_ops.verify(pub, MS_SIGN_RSA_PKCS1, MS_HASH_SHA2_256, &words, 1,
		ms_bytes(signature, len)), MS_OK);
	sign_ops.pubkey_free(&pub);
	sign_ops.privkey_free(&priv);
}

static void test_make(void **state)
{
	static const struct {
		unsigned bits;
		uint64_t e;
		bool plain_d;
	} rows[] = { { 1024, 3, false }, { 1024, 65537, true }, { 1026, 17, false },
		{ 1040, UINT64_C(0xffffffffffffffff), false }, { 2048, 65537, false } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct source s = { .octet = -1 };
		struct ms_rsa_wish wish = wish_for(&s, rows[i].bits, rows[i].e);
		struct ms_rsa_key key = { 0 };
		struct ms_why why = { "" };

		wish.plain_d = rows[i].plain_d;
		if (maker->ops->make(&wish, &key, &why) != MS_OK)
			fail_msg("%s", why.text);
		judge_size(&key, rows[i].bits, rows[i].plain_d);
		judge_by_openssl(&key);
		assert_true(s.told >= 2 && s.asked >= s.told);
		assert_int_equal(s.last_len, (rows[i].bits / 2 + 7) / 8);
		ms_rsa_key_free(&key);
		assert_null(key.number[0].ptr);
	}
}

/* Every small size, so that no arithmetic of octets is off by one. */
static void test_small(void **state)
{
	(void)state;
	for (unsigned bits = maker->min_bits; bits <= maker->min_bits + 64; bits += 2) {
		struct source s = { .octet = -1 };
		struct ms_rsa_wish wish = wish_for(&s, bits, 3);
		struct ms_rsa_key key = { 0 };

		assert_int_equal(maker->ops->make(&wish, &key, NULL), MS_OK);
		judge_size(&key, bits, false);
		ms_rsa_key_free(&key);
	}
}

static void refused(struct source *s, unsigned bits, uint64_t e, ms_err want, const char *words)
{
	struct ms_rsa_wish wish = wish_for(s, bits, e);
	struct ms_rsa_key key = { 0 };
	struct ms_why why = { "" };

	assert_int_equal(maker->ops->make(&wish, &key, &why), want);
	assert_non_null(strstr(why.text, words));
	for (unsigned i = 0; i < MS_RSA_NUMBERS; i++)
		assert_null(key.number[i].ptr);
}

static void test_refusals(void **state)
{
	struct source good = { .octet = -1 }, zeros = { .octet = 0 }, ones = { .octet = 0xff };
	struct source dry = { .octet = -1, .fails = MS_ERR_SYSTEM };

	(void)state;
	refused(&good, maker->min_bits - 2, 3, MS_ERR_RANGE, "even number of bits");
	refused(&good, maker->max_bits + 2, 3, MS_ERR_RANGE, "even number of bits");
	refused(&good, 1023, 3, MS_ERR_RANGE, "even number");
	refused(&good, 1024, 1, MS_ERR_RANGE, "below 3");
	refused(&good, 1024, 65536, MS_ERR_RANGE, "even");
	assert_int_equal(good.asked, 0);
	refused(&zeros, 512, 3, MS_ERR_CRYPTO, "random?");
	refused(&ones, 512, 3, MS_ERR_CRYPTO, "random?");
	refused(&dry, 512, 3, MS_ERR_SYSTEM, "the well is dry");
	assert_int_equal(dry.asked, 1);
}

static void copy(struct ms_rsa_key *to, const struct ms_rsa_key *from)
{
	for (unsigned i = 0; i < MS_RSA_NUMBERS; i++)
		assert_true(ms_secret_set(&to->number[i], part(from, i)));
}

/* Each number wrong, and each missing, once. */
static void test_complete(void **state)
{
	static const bool needed[MS_RSA_NUMBERS] = { true, true, false, true, true };
	struct source s = { .octet = -1 };
	struct ms_rsa_wish wish = wish_for(&s, 512, 65537);
	struct ms_rsa_key key = { 0 }, other = { 0 };

	(void)state;
	assert_int_equal(maker->ops->make(&wish, &key, NULL), MS_OK);
	for (unsigned i = 0; i < MS_RSA_NUMBERS; i++) {
		copy(&other, &key);
		other.number[i].ptr[other.number[i].len - 1] ^= 2;
		assert_int_equal(maker->ops->complete(&wish, &other, NULL), MS_ERR_BAD_KEY);
		ms_rsa_key_free(&other);
		copy(&other, &key);
		ms_secret_free(&other.number[i]);
		assert_int_equal(maker->ops->complete(&wish, &other, NULL),
			needed[i] ? MS_ERR_BAD_KEY : MS_OK);
		for (unsigned k = 0; k < MS_RSA_NUMBERS && !needed[i]; k++)
			assert_true(ms_bytes_eq(part(&other, k), part(&key, k)));
		ms_rsa_key_free(&other);
	}
	/* primes in the other order, with zeros in front, are the same key */
	copy(&other, &key);
	ms_secret_free(&other.number[MS_RSA_PRIME1]);
	ms_secret_free(&other.number[MS_RSA_PRIME2]);
	other.number[MS_RSA_PRIME1].ptr = calloc(1, part(&key, MS_RSA_PRIME2).len + 3);
	other.number[MS_RSA_PRIME1].len = part(&key, MS_RSA_PRIME2).len + 3;
	memcpy(other.number[MS_RSA_PRIME1].ptr + 3, part(&key, MS_RSA_PRIME2).ptr,
		part(&key, MS_RSA_PRIME2).len);
	assert_true(ms_secret_set(&other.number[MS_RSA_PRIME2], part(&key, MS_RSA_PRIME1)));
	assert_int_equal(maker->ops->complete(&wish, &other, NULL), MS_OK);
	for (unsigned k = 0; k < MS_RSA_NUMBERS; k++)
		assert_true(ms_bytes_eq(part(&other, k), part(&key, k)));
	ms_rsa_key_free(&other);
	ms_rsa_key_free(&key);
}

/* --- the test before use ---------------------------------------------------------------------- */

static ms_err lazy_complete(
	const struct ms_rsa_wish *wish, struct ms_rsa_key *key, struct ms_why *why)
{
	(void)wish, (void)key, (void)why;
	return MS_OK;
}

static ms_err longer_make(const struct ms_rsa_wish *wish, struct ms_rsa_key *out, struct ms_why *why)
{
	struct ms_rsa_wish other = *wish;

	other.bits += 2;
	return maker->ops->make(&other, out, why);
}

static ms_err off_make(const struct ms_rsa_wish *wish, struct ms_rsa_key *out, struct ms_why *why)
{
	ms_err err = maker->ops->make(wish, out, why);

	out->number[MS_RSA_COEFFICIENT].ptr[3] ^= 1;
	return err;
}

static ms_err proud_complete(
	const struct ms_rsa_wish *wish, struct ms_rsa_key *key, struct ms_why *why)
{
	ms_err err = maker->ops->complete(wish, key, why);

	return err == MS_ERR_BAD_KEY ? MS_OK : err;
}

static void test_test(void **state)
{
	const struct {
		struct ms_rsa_ops ops;
		const char *words;
	} rows[] = { { { maker->ops->make, lazy_complete }, "completed wrongly" },
		{ { maker->ops->make, proud_complete }, "a wrong key is accepted" },
		{ { longer_make, maker->ops->complete }, "bits" },
		{ { off_make, maker->ops->complete }, "does not fit itself" } };
	struct ms_why why;

	(void)state;
	assert_int_equal(ms_rsa_test(maker->ops, &why), MS_OK);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(ms_rsa_test(&rows[i].ops, &why), MS_ERR_CRYPTO);
		assert_non_null(strstr(why.text, rows[i].words));
	}
}

#define RSA_MAKER_TESTS                                                                            \
	cmocka_unit_test(test_make), cmocka_unit_test(test_small),                                 \
		cmocka_unit_test(test_refusals), cmocka_unit_test(test_complete),                  \
		cmocka_unit_test(test_test)

#endif
