/* SPDX-License-Identifier: Apache-2.0 */
/* Every algorithm of the plugin passes its known-answer test, in the time that a start may take. */
#include "plugins/crypto-openssl/crypto_test.h"

#include <time.h>

static double cpu_ms(void)
{
	return (double)clock() * 1000.0 / CLOCKS_PER_SEC;
}

static int setup(void **state)
{
	(void)state;
	return openssl_load(NULL) == MS_OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	openssl_unload();
	return 0;
}

static void test_all_are_offered(void **state)
{
	double before = cpu_ms();
	struct ms_alg_info info;
	unsigned i, per_kind[MS_ALG_KINDS] = { 0 };

	(void)state;
	assert_int_equal(ms_crypto_register(&openssl_ops, "openssl"), MS_OK);
	print_message("known-answer tests took %.1f ms\n", cpu_ms() - before);
#ifndef MS_SANITIZED
	assert_true(cpu_ms() - before < 50.0);
#endif
	for (i = 0; ms_crypto_list(i, &info); i++) {
		if (!info.offered)
			fail_msg("%s %s: %s", ms_alg_kind_name(info.kind), info.name, info.reason);
		assert_true(info.first);
		per_kind[info.kind]++;
	}
	assert_int_equal(per_kind[MS_ALG_ENCR], 25);
	assert_int_equal(per_kind[MS_ALG_INTEG], 6);
	assert_int_equal(per_kind[MS_ALG_PRF], 4);
	assert_int_equal(per_kind[MS_ALG_HASH], 4);
	assert_int_equal(per_kind[MS_ALG_KE], 10);
	assert_int_equal(per_kind[MS_ALG_SIGN], 1);
	assert_int_equal(per_kind[MS_ALG_RANDOM], 1);
	ms_crypto_unregister("openssl");
	assert_null(ms_encr_find(MS_ENCR_AES_GCM_16, 128));
	assert_false(ms_crypto_list(0, &info));
}

/* Without load() nothing works, and the tests say so instead of offering it. */
static void test_nothing_without_load(void **state)
{
	struct ms_alg_info info;
	unsigned i;

	openssl_unload();
	assert_int_equal(ms_crypto_register(&openssl_ops, "openssl"), MS_OK);
	for (i = 0; ms_crypto_list(i, &info); i++)
		if (info.kind == MS_ALG_ENCR) {
			assert_false(info.offered);
			assert_true(info.reason[0] != '\0');
		}
	assert_null(ms_ke_find(MS_KE_ECP256));
	assert_null(ms_encr_find(MS_ENCR_AES_CBC, 128));
	ms_crypto_unregister("openssl");
	assert_int_equal(setup(state), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_are_offered),
		cmocka_unit_test(test_nothing_without_load),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
