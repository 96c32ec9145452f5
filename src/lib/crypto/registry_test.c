/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/crypto/fake_provider_test.h"
#include "lib/crypto/transforms.h"

#include <modswan/proposal.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static ms_err refuse_cbc(const struct ms_encr_alg *alg, struct ms_why *why)
{
	return alg->id == MS_ENCR_AES_CBC ? ms_fail(why, MS_ERR_CRYPTO, "wrong answer") : MS_OK;
}

static bool find_row(enum ms_alg_kind kind, uint16_t id, uint16_t bits, const char *provider,
	struct ms_alg_info *out)
{
	unsigned i;

	for (i = 0; ms_crypto_list(i, out); i++)
		if (out->kind == kind && out->id == id && out->key_bits == bits &&
			strcmp(out->provider, provider) == 0)
			return true;
	return false;
}

static void test_failing_is_listed_not_found(void **state)
{
	struct kat_suite tests = pass_all;
	struct ms_alg_info row;

	(void)state;
	tests.encr = refuse_cbc;
	assert_int_equal(ms_crypto_register_tested(&fake_ops, "fake", &tests), MS_OK);
	assert_null(ms_encr_find(MS_ENCR_AES_CBC, 128));
	assert_true(find_row(MS_ALG_ENCR, MS_ENCR_AES_CBC, 128, "fake", &row));
	assert_false(row.offered);
	assert_false(row.first);
	assert_string_equal(row.reason, "wrong answer");
	assert_true(find_row(MS_ALG_ENCR, MS_ENCR_AES_GCM_16, 128, "fake", &row));
	assert_true(row.offered && row.first);
	assert_string_equal(row.reason, "");
	ms_crypto_unregister("fake");
	assert_false(ms_crypto_list(0, &row));
}

static void test_find(void **state)
{
	(void)state;
	assert_int_equal(ms_crypto_register_tested(&fake_ops, "fake", &pass_all), MS_OK);
	assert_ptr_equal(ms_encr_find(MS_ENCR_AES_GCM_16, 256), &fake_encr[1]);
	assert_null(ms_encr_find(MS_ENCR_AES_GCM_16, 192));
	assert_null(ms_encr_find(MS_ENCR_AES_GCM_16, 0));
	assert_ptr_equal(ms_encr_find(MS_ENCR_CHACHA20_POLY1305, 0), &fake_encr[6]);
	assert_ptr_equal(ms_encr_find(MS_ENCR_CHACHA20_POLY1305, 256), &fake_encr[6]);
	assert_null(ms_encr_find(MS_ENCR_CHACHA20_POLY1305, 128));
	assert_ptr_equal(ms_encr_find(MS_ENCR_NULL, 0), &fake_encr[11]);
	assert_ptr_equal(ms_integ_find(MS_INTEG_HMAC_SHA1_96), &fake_integ[0]);
	assert_ptr_equal(ms_prf_find(MS_PRF_HMAC_SHA2_512), &fake_prf[3]);
	assert_ptr_equal(ms_ke_find(MS_KE_X25519), &fake_ke[0]);
	assert_null(ms_ke_find(MS_KE_X448));
	assert_null(ms_hash_find(MS_HASH_SHA1));
	assert_null(ms_sign());
	ms_crypto_unregister("fake");
}

static void test_preference(void **state)
{
	struct ms_crypto_ops better = fake_ops, worse = fake_ops;
	static const struct ms_ke_alg other = { .id = MS_KE_X25519, .name = "other" };
	static const struct ms_ke_alg *const list[] = { &other, NULL };
	struct ms_alg_info row;

	(void)state;
	better.preference = 20;
	better.ke = worse.ke = list;
	better.encr = worse.encr = NULL;
	worse.preference = 5;
	assert_int_equal(ms_crypto_register_tested(&fake_ops, "fake", &pass_all), MS_OK);
	assert_int_equal(ms_crypto_register_tested(&fake_ops, "fake", &pass_all), MS_ERR_DUPLICATE);
	assert_int_equal(ms_crypto_register_tested(&worse, "worse", &pass_all), MS_OK);
	assert_ptr_equal(ms_ke_find(MS_KE_X25519), &fake_ke[0]);
	assert_int_equal(ms_crypto_register_tested(&better, "better", &pass_all), MS_OK);
	assert_ptr_equal(ms_ke_find(MS_KE_X25519), &other);
	assert_true(find_row(MS_ALG_KE, MS_KE_X25519, 0, "fake", &row));
	assert_true(row.offered);
	assert_false(row.first);
	ms_crypto_unregister("better");
	assert_ptr_equal(ms_ke_find(MS_KE_X25519), &fake_ke[0]);
	ms_crypto_unregister("fake");
	assert_ptr_equal(ms_ke_find(MS_KE_X25519), &other);
	assert_null(ms_ke_find(MS_KE_ECP256));
	ms_crypto_unregister("worse");
	ms_crypto_unregister("never there");
}

/* The real tests refuse descriptors without code behind them, and a code that lies. */
static ms_err lying_new(const struct ms_encr_alg *alg, void **ctx_r, const uint8_t *key)
{
	(void)alg, (void)key;
	*ctx_r = NULL;
	return MS_OK;
}
static void lying_free(void **ctx)
{
	(void)ctx;
}
static void lying_run(void *ctx, struct ms_encr_job *jobs, unsigned n)
{
	(void)ctx;
	while (n-- > 0)
		jobs[n].ok = true;
}
static ms_err lying_prf(const struct ms_prf_alg *alg, struct ms_bytes key,
	const struct ms_bytes *parts, unsigned n, uint8_t *out)
{
	(void)key, (void)parts, (void)n;
	memset(out, 7, alg->out_octets);
	return MS_OK;
}
static ms_err lying_random(void *out, size_t len)
{
	memset(out, 7, len);
	return MS_OK;
}
static ms_err lying_respond(
	const struct ms_ke_alg *alg, struct ms_bytes peer, uint8_t *pub, uint8_t *shared)
{
	(void)peer;
	memset(pub, 7, alg->resp_octets);
	memset(shared, 7, alg->shared_octets);
	return MS_OK;
}

static void test_real_tests_refuse(void **state)
{
	static const struct ms_encr_alg cbc = { MS_ENCR_AES_CBC, "AES_CBC", 16, 0, 16, 16, 0,
		lying_new, lying_free, lying_run, lying_run };
	static const struct ms_encr_alg unheard = { 4711, "SECRET", 16, 0, 16, 16, 0, lying_new,
		lying_free, lying_run, lying_run };
	static const struct ms_encr_alg hollow = { .id = MS_ENCR_AES_CTR, .name = "AES_CTR" };
	static const struct ms_encr_alg *const encr[] = { &cbc, &unheard, &hollow, NULL };
	static const struct ms_prf_alg prf = { MS_PRF_HMAC_SHA2_256, "P", 32, 32, lying_prf };
	static const struct ms_prf_alg *const prfs[] = { &prf, NULL };
	static const struct ms_ke_alg x = { .id = MS_KE_X25519,
		.name = "X",
		.init_octets = 32,
		.resp_octets = 32,
		.shared_octets = 32,
		.respond = lying_respond };
	static const struct ms_ke_alg *const kes[] = { &x, NULL };
	const struct ms_crypto_ops ops = {
		.size = sizeof ops, .encr = encr, .prf = prfs, .ke = kes, .random = lying_random
	};
	struct ms_alg_info row;
	uint8_t random[64] = { 0 };

	(void)state;
	assert_int_equal(ms_crypto_register(&ops, "liar"), MS_OK);
	assert_true(find_row(MS_ALG_ENCR, MS_ENCR_AES_CBC, 128, "liar", &row));
	assert_string_equal(row.reason, "wrong cipher text in the known-answer test");
	assert_true(find_row(MS_ALG_ENCR, 4711, 0, "liar", &row));
	assert_string_equal(row.reason, "there is no known-answer test for it");
	assert_true(find_row(MS_ALG_ENCR, MS_ENCR_AES_CTR, 0, "liar", &row));
	assert_string_equal(row.reason, "its descriptor is malformed");
	assert_true(find_row(MS_ALG_PRF, MS_PRF_HMAC_SHA2_256, 0, "liar", &row));
	assert_string_equal(row.reason, "wrong output in the known-answer test");
	assert_true(find_row(MS_ALG_KE, MS_KE_X25519, 0, "liar", &row));
	assert_string_equal(row.reason, "it accepted a forbidden peer value");
	assert_true(find_row(MS_ALG_RANDOM, 0, 0, "liar", &row));
	assert_string_equal(row.reason, "random octets repeat");
	assert_null(ms_prf_find(MS_PRF_HMAC_SHA2_256));
	/* the system's generator takes over */
	assert_int_equal(ms_random(random, sizeof random), MS_OK);
	assert_memory_not_equal(random, random + 32, 32);
	ms_crypto_unregister("liar");
}

static void test_malformed(void **state)
{
	struct ms_crypto_ops small = fake_ops;

	(void)state;
	small.size = 8;
	assert_int_equal(ms_crypto_register(&small, "small"), MS_ERR_BUG);
	assert_int_equal(ms_crypto_register(NULL, "none"), MS_ERR_BUG);
	assert_int_equal(ms_crypto_register(&fake_ops, NULL), MS_ERR_BUG);
}

/* The enumerations of the public header and the name table are one registry. */
static void test_names(void **state)
{
	static const struct {
		uint8_t type;
		uint16_t id;
		const char *name;
	} rows[] = {
		{ MS_TRANSFORM_ENCR, MS_ENCR_3DES, "3DES" },
		{ MS_TRANSFORM_ENCR, MS_ENCR_NULL, "NULL" },
		{ MS_TRANSFORM_ENCR, MS_ENCR_AES_CBC, "AES_CBC" },
		{ MS_TRANSFORM_ENCR, MS_ENCR_AES_CTR, "AES_CTR" },
		{ MS_TRANSFORM_ENCR, MS_ENCR_AES_CCM_8, "AES_CCM_8" },
		{ MS_TRANSFORM_ENCR, MS_ENCR_AES_CCM_16, "AES_CCM_16" },
		{ MS_TRANSFORM_ENCR, MS_ENCR_AES_GCM_8, "AES_GCM_8" },
		{ MS_TRANSFORM_ENCR, MS_ENCR_AES_GCM_16, "AES_GCM_16" },
		{ MS_TRANSFORM_ENCR, MS_ENCR_CHACHA20_POLY1305, "CHACHA20_POLY1305" },
		{ MS_TRANSFORM_PRF, MS_PRF_AES128_XCBC, "AES128_XCBC" },
		{ MS_TRANSFORM_PRF, MS_PRF_HMAC_SHA2_512, "HMAC_SHA2_512" },
		{ MS_TRANSFORM_INTEG, MS_INTEG_NONE, "NONE" },
		{ MS_TRANSFORM_INTEG, MS_INTEG_AES_CMAC_96, "AES_CMAC_96" },
		{ MS_TRANSFORM_INTEG, MS_INTEG_HMAC_SHA2_512_256, "HMAC_SHA2_512_256" },
		{ MS_TRANSFORM_KE, MS_KE_MODP8192, "MODP8192" },
		{ MS_TRANSFORM_KE, MS_KE_ECP521, "ECP521" },
		{ MS_TRANSFORM_KE, MS_KE_X25519, "X25519" },
		{ MS_TRANSFORM_KE, MS_KE_X448, "X448" },
		{ MS_TRANSFORM_ESN, 1, "ESN_YES" },
	};
	char text[32];
	unsigned i, type;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_string_equal(ms_transform_name(rows[i].type, rows[i].id), rows[i].name);
	assert_null(ms_transform_name(MS_TRANSFORM_ENCR, 9999));
	assert_null(ms_transform_name(77, 1));
	assert_string_equal(ms_transform_type_name(MS_TRANSFORM_KE), "KE");
	assert_string_equal(ms_hash_name(MS_HASH_SHA2_384), "SHA2_384");
	assert_int_equal(ms_transform_text(1, 9999, 128, text, sizeof text), 13);
	assert_string_equal(text, "ENCR_9999_128");
	ms_transform_text(9, 3, 0, text, sizeof text);
	assert_string_equal(text, "TYPE9_3");
	/* numbers ascend, so that none stands twice */
	for (type = 1; type < MS_TRANSFORM_TYPES; type++)
		for (i = 1; ms_iana_transform_at((uint8_t)type, i) != NULL; i++)
			assert_true(ms_iana_transform_at((uint8_t)type, i)->id >
				    ms_iana_transform_at((uint8_t)type, i - 1)->id);
	assert_true(ms_encr_is_aead(MS_ENCR_AES_CCM_12));
	assert_false(ms_encr_is_aead(MS_ENCR_AES_CBC));
	assert_false(ms_encr_has_key_bits(MS_ENCR_CHACHA20_POLY1305));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failing_is_listed_not_found),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_preference),
		cmocka_unit_test(test_real_tests_refuse),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
