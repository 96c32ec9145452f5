/* SPDX-License-Identifier: Apache-2.0 */
/* RSA keys from numbers, each relation broken once; public keys that must be refused. */
#include "plugins/crypto-openssl/crypto_test.h"

#include <openssl/core_names.h>

#define SIGN (&sign_ops)
/* RFC 6979 A.2.5 */
#define P256_SPKI                                                                          \
	"3059301306072a8648ce3d020106082a8648ce3d0301070342000460fed4ba255a9d31c961eb74c6" \
	"356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d" \
	"7e9f5177a3c294d4462299"

enum { N, E, D, P, Q, DP, DQ, QINV, PARTS };

struct numbers {
	uint8_t octets[PARTS][512];
	size_t len[PARTS];
};

static void numbers_of(EVP_PKEY *pkey, struct numbers *out)
{
	static const char *const names[PARTS] = { OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E,
		OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2,
		OSSL_PKEY_PARAM_RSA_EXPONENT1, OSSL_PKEY_PARAM_RSA_EXPONENT2,
		OSSL_PKEY_PARAM_RSA_COEFFICIENT1 };
	unsigned i;

	for (i = 0; i < PARTS; i++) {
		BIGNUM *bn = NULL;

		assert_int_equal(EVP_PKEY_get_bn_param(pkey, names[i], &bn), 1);
		out->len[i] = (size_t)BN_bn2bin(bn, out->octets[i]);
		BN_free(bn);
	}
}

static ms_err from_numbers(struct ms_privkey **out, const struct numbers *v, struct ms_why *why)
{
	struct ms_bytes b[PARTS];
	struct ms_rsa_parts parts;
	unsigned i;

	for (i = 0; i < PARTS; i++)
		b[i] = ms_bytes(v->octets[i], v->len[i]);
	parts = (struct ms_rsa_parts){ b[N], b[E], b[D], b[P], b[Q], b[DP], b[DQ], b[QINV] };
	return SIGN->privkey_from_rsa(out, &parts, why);
}

static void assert_refused(const struct numbers *v, const char *words)
{
	struct ms_privkey *priv = NULL;
	struct ms_why why = { "" };

	if (from_numbers(&priv, v, &why) != MS_ERR_BAD_KEY || strstr(why.text, words) == NULL)
		fail_msg("wanted \"%s\", got \"%s\"", words, why.text);
}

static void test_rsa_numbers(void **state)
{
	/* what one wrong low bit (of value two: they stay odd) breaks first */
	static const char *const broken[PARTS] = { "Modulus is not Prime1 times Prime2",
		"PrivateExponent is not the inverse", "PrivateExponent is not the inverse",
		"Modulus is not Prime1 times Prime2", "Modulus is not Prime1 times Prime2",
		"Exponent1 is not PrivateExponent modulo Prime1 - 1",
		"Exponent2 is not PrivateExponent modulo Prime2 - 1",
		"Coefficient is not the inverse of Prime2 modulo Prime1" };
	static const char *const missing[PARTS] = { "Modulus is missing",
		"PublicExponent is missing", "PrivateExponent is missing", "Prime1 is missing",
		"Prime2 is missing", "Exponent1 is missing", "Exponent2 is missing",
		"Coefficient is missing" };
	static const unsigned sizes[] = { 512, 1024, 2048, 2192 };
	const struct ms_bytes part = { (const uint8_t *)"text", 4 };
	struct numbers v;
	unsigned i, k;

	(void)state;
	for (k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
		EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)sizes[k]);
		struct ms_privkey *priv = NULL;
		struct ms_pubkey *pub = NULL, *again = NULL;
		struct ms_why why = { "" };
		uint8_t sig[512], blob[600];
		size_t len = sizeof sig;

		assert_non_null(pkey);
		numbers_of(pkey, &v);
		if (from_numbers(&priv, &v, &why) != MS_OK)
			fail_msg("%u bits: %s", sizes[k], why.text);
		assert_int_equal(SIGN->pubkey_of(&pub, priv), MS_OK);
		assert_int_equal(SIGN->pubkey_bits(pub), sizes[k]);
		assert_int_equal(
			SIGN->sign(priv, MS_SIGN_RSA_PKCS1, MS_HASH_SHA1, &part, 1, sig, &len),
			MS_OK);
		/* the same key by its RFC 3110 form */
		blob[0] = (uint8_t)v.len[E];
		memcpy(blob + 1, v.octets[E], v.len[E]);
		memcpy(blob + 1 + v.len[E], v.octets[N], v.len[N]);
		assert_int_equal(SIGN->pubkey_from_rfc3110(
					 &again, ms_bytes(blob, 1 + v.len[E] + v.len[N]), NULL),
			MS_OK);
		assert_true(SIGN->pubkey_eq(pub, again));
		assert_int_equal(SIGN->verify(again, MS_SIGN_RSA_PKCS1, MS_HASH_SHA1, &part, 1,
					 ms_bytes(sig, len)),
			MS_OK);
		SIGN->pubkey_free(&again);
		SIGN->pubkey_free(&pub);
		SIGN->privkey_free(&priv);
		EVP_PKEY_free(pkey);
	}
	for (i = 0; i < PARTS; i++) {
		struct numbers w = v;

		w.octets[i][w.len[i] - 1] ^= 2;
		assert_refused(&w, broken[i]);
		w.len[i] = 0;
		assert_refused(&w, missing[i]);
	}
}

static void test_rsa_bad_shapes(void **state)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	struct ms_privkey *priv = NULL;
	struct numbers v, w;

	(void)state;
	numbers_of(pkey, &v);
	w = v;
	w.octets[N][w.len[N] - 1] ^= 1;
	assert_refused(&w, "the RSA modulus is even");
	w = v;
	w.octets[E][w.len[E] - 1] ^= 1;
	assert_refused(&w, "public exponent is even or 1");
	w = v;
	w.octets[E][0] = 1;
	w.len[E] = 1;
	assert_refused(&w, "public exponent is even or 1");
	w = v;
	w.len[E] = 20;
	memset(w.octets[E], 0xff, 20);
	assert_refused(&w, "at most 64 are accepted");
	w = v;
	w.octets[P][w.len[P] - 1] ^= 1;
	assert_refused(&w, "Prime1 or Prime2 is even or 1");
	w = v;
	memcpy(w.octets[Q], w.octets[P], w.len[P]);
	assert_refused(&w, "Prime1 and Prime2 are the same");
	w = v;
	w.len[N] = 63; /* 504 bits, top bit set */
	w.octets[N][62] |= 1;
	assert_refused(&w, "too small; at least 512 are wanted");
	w = v;
	w.octets[QINV][0] = 0;
	w.len[QINV] = 1;
	assert_refused(&w, "Coefficient is not between 0 and Prime1");
	/* the coefficient is not reduced */
	w = v;
	memset(w.octets[QINV], 0xff, w.len[P]);
	w.len[QINV] = w.len[P];
	assert_refused(&w, "Coefficient is not between 0 and Prime1");
	/* d may be the inverse modulo (p-1)(q-1) or modulo lcm(p-1, q-1): zeros before do not count
	 */
	w = v;
	memmove(w.octets[D] + 1, w.octets[D], w.len[D]);
	w.octets[D][0] = 0;
	w.len[D]++;
	assert_int_equal(from_numbers(&priv, &w, NULL), MS_OK);
	SIGN->privkey_free(&priv);
	EVP_PKEY_free(pkey);
}

static void test_bad_public_keys(void **state)
{
	static const struct {
		const char *hex; /* before `n_octets` octets of 0xff */
		size_t n_octets;
		ms_err err;
		const char *words;
	} rows[] = {
		{ "0103", 256, MS_OK, NULL },
		{ "00000103", 256, MS_OK, NULL },
		{ "03010001", 64, MS_OK, NULL },
		{ "", 0, MS_ERR_BAD_KEY, "0 octets are too few" },
		{ "0103", 0, MS_ERR_BAD_KEY, "2 octets are too few" },
		{ "05010001", 0, MS_ERR_BAD_KEY, "too few" },
		{ "0000", 0, MS_ERR_BAD_KEY, "too few" },
		{ "000000", 200, MS_ERR_BAD_KEY, "too few" },
		{ "00ffff", 200, MS_ERR_BAD_KEY, "too few" },
		{ "0103", 63, MS_ERR_BAD_KEY, "504 bits is too small" },
		{ "0103", 2049, MS_ERR_BAD_KEY, "is too large" },
		{ "0101", 256, MS_ERR_BAD_KEY, "even or 1" },
		{ "0104", 256, MS_ERR_BAD_KEY, "even or 1" },
		{ "09010000000000000001", 256, MS_ERR_BAD_KEY, "has 65 bits" },
	};
	uint8_t blob[4096];
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t len = unhex(rows[i].hex, blob, sizeof blob);
		struct ms_pubkey *key = NULL;
		struct ms_why why = { "" };

		memset(blob + len, 0xff, rows[i].n_octets);
		len += rows[i].n_octets;
		if (SIGN->pubkey_from_rfc3110(&key, ms_bytes(blob, len), &why) != rows[i].err ||
			(rows[i].words != NULL && strstr(why.text, rows[i].words) == NULL))
			fail_msg("row %u: %s", i, why.text);
		SIGN->pubkey_free(&key);
	}
	/* a SubjectPublicKeyInfo cut short, with a tail, and with one changed octet */
	{
		size_t len = unhex(P256_SPKI, blob, sizeof blob), cut;
		struct ms_pubkey *key = NULL;
		struct ms_why why = { "" };

		for (cut = 0; cut < len; cut++)
			assert_int_equal(SIGN->pubkey_from_spki(&key, ms_bytes(blob, cut), NULL),
				MS_ERR_BAD_KEY);
		blob[len] = 0;
		assert_int_equal(SIGN->pubkey_from_spki(&key, ms_bytes(blob, len + 1), &why),
			MS_ERR_BAD_KEY);
		assert_string_equal(why.text, "1 octets after the SubjectPublicKeyInfo");
		blob[len - 1] ^= 1;
		assert_int_equal(
			SIGN->pubkey_from_spki(&key, ms_bytes(blob, len), NULL), MS_ERR_BAD_KEY);
		assert_null(key);
	}
}

/* --- keys of certificates ------------------------------------------------------------------------ */

/* tag, length, body */
static size_t element(uint8_t tag, const uint8_t *body, size_t len, uint8_t *out)
{
	out[0] = tag;
	out[1] = 0x82;
	out[2] = (uint8_t)(len >> 8);
	out[3] = (uint8_t)len;
	memmove(out + 4, body, len);
	return len + 4;
}

/* As a certificate has it, with these octets as modulus and exponent. */
static ms_err from_spki(const uint8_t *n, size_t n_len, const uint8_t *e, size_t e_len)
{
	static const uint8_t algorithm[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
		0x01, 0x01, 0x01, 0x05, 0x00 };
	uint8_t pair[4096], bits[4096] = { 0 }, spki[4096];
	struct ms_pubkey *key = NULL;
	struct ms_why why = { "" };
	size_t len = element(0x02, n, n_len, pair);
	ms_err err;

	len += element(0x02, e, e_len, pair + len);
	len = element(0x30, pair, len, bits + 1) + 1;
	memcpy(pair, algorithm, sizeof algorithm);
	len = sizeof algorithm + element(0x03, bits, len, pair + sizeof algorithm);
	len = element(0x30, pair, len, spki);
	err = SIGN->pubkey_from_spki(&key, ms_bytes(spki, len), &why);
	assert_int_equal(err == MS_OK, key != NULL);
	assert_true(err == MS_OK || (err == MS_ERR_BAD_KEY && why.text[0] != '\0'));
	SIGN->pubkey_free(&key);
	return err;
}

/* CVE-2026-14957, CVE-2017-9022, CVE-2018-17540: the same numbers that RFC 3110 keys may not have. */
static void test_cve_2026_14957_keys_of_certificates(void **state)
{
	static const struct {
		uint8_t octets[12];
		size_t len;
		bool good;
	} exponents[] = { { { 1, 0, 1 }, 3, true }, { { 3 }, 1, true }, { { 0 }, 1, false },
		{ { 1 }, 1, false }, { { 2 }, 1, false }, { { 0x80 }, 1, false },
		{ { 1, 0, 0 }, 3, false },
		{ { 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, 9, true },
		{ { 1, 0, 0, 0, 0, 0, 0, 0, 1 }, 9, false },
		{ { 0x7f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 }, 12, false }, { { 0 }, 0, false } };
	static uint8_t n[2100];

	(void)state;
	memset(n, 0xff, sizeof n);
	n[0] = 0;
	for (size_t i = 0; i < sizeof exponents / sizeof exponents[0]; i++)
		assert_int_equal(
			from_spki(n, 257, exponents[i].octets, exponents[i].len) == MS_OK,
			exponents[i].good);
	/* an even modulus, zero, one (OpenSSL takes a sign bit for a number's own) */
	n[256] = 0xfe;
	assert_int_not_equal(from_spki(n, 257, exponents[0].octets, 3), MS_OK);
	n[256] = 0xff;
	for (uint8_t one = 0; one < 4; one++)
		assert_int_not_equal(from_spki(&one, 1, exponents[0].octets, 3), MS_OK);
	/* moduli of 1 to 16 octets, and all on the way to one that is long enough and one too long */
	for (size_t len = 0; len <= 2060; len += len < 80 || len > 2040 ? 1 : 97)
		assert_int_equal(from_spki(n, len + 1, exponents[0].octets, 3) == MS_OK,
			len >= 64 && len <= 2048);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rsa_numbers),
		cmocka_unit_test(test_rsa_bad_shapes),
		cmocka_unit_test(test_bad_public_keys),
		cmocka_unit_test(test_cve_2026_14957_keys_of_certificates),
	};

	return cmocka_run_group_tests(tests, crypto_setup, crypto_teardown);
}
