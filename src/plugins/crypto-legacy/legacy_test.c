/* SPDX-License-Identifier: Apache-2.0 */
/* The old algorithms: not loaded they have a reason, loaded they pass their tests. */
#include <modswan/plugin.h>
#include <modswan/registry.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

extern const struct ms_plugin crypto_legacy_LTX_modswan_plugin;
static const struct ms_plugin *const plugin = &crypto_legacy_LTX_modswan_plugin;

static void test_absent(void **state)
{
	const char *reason;

	(void)state;
	assert_true(plugin->on_demand);
	assert_null(ms_crypto_why_not(MS_ALG_ENCR, MS_ENCR_3DES, 0));
	ms_crypto_note_absent(plugin->features[0].ops, "legacy", plugin->name);
	assert_null(ms_encr_find(MS_ENCR_3DES, 192));
	assert_null(ms_encr_find(MS_ENCR_NULL, 0));
	assert_null(ms_integ_find(MS_INTEG_HMAC_MD5_96));
	assert_null(ms_prf_find(MS_PRF_HMAC_MD5));
	reason = ms_crypto_why_not(MS_ALG_ENCR, MS_ENCR_3DES, 192);
	assert_non_null(reason);
	assert_non_null(strstr(reason, "crypto-legacy"));
	assert_non_null(strstr(reason, "plugins-also"));
	assert_non_null(ms_crypto_why_not(MS_ALG_INTEG, MS_INTEG_HMAC_MD5_96, 0));
	assert_null(ms_crypto_why_not(MS_ALG_INTEG, MS_INTEG_HMAC_SHA1_96, 0));
	ms_crypto_unregister("legacy");
}

static int load(void **state)
{
	return plugin->load(state, NULL, NULL, NULL) == MS_OK
		&& ms_crypto_register(plugin->features[0].ops, "legacy") == MS_OK ? 0 : -1;
}

static int unload(void **state)
{
	ms_crypto_unregister("legacy");
	plugin->unload(state);
	return 0;
}

static void test_offered(void **state)
{
	struct ms_alg_info info;
	unsigned i;

	(void)state;
	for (i = 0; ms_crypto_list(i, &info); i++)
		if (!info.offered)
			fail_msg("%s: %s", info.name, info.reason);
	assert_int_equal(i, 4);
	assert_null(ms_crypto_why_not(MS_ALG_ENCR, MS_ENCR_3DES, 192));
}

static void test_weak_keys(void **state)
{
	const struct ms_encr_alg *alg = ms_encr_find(MS_ENCR_3DES, 192);
	uint8_t key[24];
	unsigned i;
	void *ctx;

	(void)state;
	for (i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)(i * 9 + 2);
	assert_int_equal(alg->ctx_new(alg, &ctx, key), MS_OK);
	alg->ctx_free(&ctx);
	for (i = 0; i < 8; i++) /* the same but for parity */
		key[i] = key[8 + i] ^ 1;
	assert_int_equal(alg->ctx_new(alg, &ctx, key), MS_ERR_BAD_KEY);
	key[0] ^= 0x40;
	memcpy(key + 16, key + 8, 8);
	assert_int_equal(alg->ctx_new(alg, &ctx, key), MS_ERR_BAD_KEY);
}

/* Block after block, there and back. */
static void test_chaining(void **state)
{
	const struct ms_encr_alg *alg = ms_encr_find(MS_ENCR_3DES, 192);
	uint8_t key[24], data[64], iv[8] = { 1 }, first[8];
	struct ms_encr_job job = { .iv = iv, .data = data, .data_len = sizeof data };
	unsigned i;
	void *ctx;

	(void)state;
	for (i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)(i * 9 + 2);
	memset(data, 0x5a, sizeof data);
	assert_int_equal(alg->ctx_new(alg, &ctx, key), MS_OK);
	alg->seal(ctx, &job, 1);
	assert_true(job.ok);
	memcpy(first, data, 8);
	for (i = 8; i < sizeof data; i += 8)
		assert_memory_not_equal(data + i, first, 8);
	alg->open(ctx, &job, 1);
	assert_true(job.ok);
	for (i = 0; i < sizeof data; i++)
		assert_int_equal(data[i], 0x5a);
	alg->ctx_free(&ctx);
	assert_null(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_absent),
		cmocka_unit_test_setup_teardown(test_offered, load, unload),
		cmocka_unit_test_setup_teardown(test_weak_keys, load, unload),
		cmocka_unit_test_setup_teardown(test_chaining, load, unload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
