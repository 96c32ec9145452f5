/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/crypto-openssl/rsa_maker_test.h"

#include "crypto-gmp.h"

static unsigned own_calls;
static void *own_get(size_t size)
{
	own_calls++;
	return malloc(size);
}

/* GMP's memory functions are the process's: they are as before when a key is made. */
static void test_memory(void **state)
{
	struct source s = { .octet = -1 };
	struct ms_rsa_wish wish = wish_for(&s, 512, 3);
	struct ms_rsa_key key = { 0 };
	void *(*get)(size_t) = NULL, *(*before)(size_t) = NULL;

	(void)state;
	mp_get_memory_functions(&before, NULL, NULL);
	mp_set_memory_functions(own_get, NULL, NULL);
	assert_int_equal(rsa_ops.make(&wish, &key, NULL), MS_OK);
	mp_get_memory_functions(&get, NULL, NULL);
	assert_ptr_equal(get, own_get);
	assert_int_equal(own_calls, 0);
	mp_set_memory_functions(NULL, NULL, NULL);
	ms_rsa_key_free(&key);
}

int main(void)
{
	static const struct maker gmp = { &rsa_ops, 32, 20000 };
	const struct CMUnitTest tests[] = {
		RSA_MAKER_TESTS,
		cmocka_unit_test(test_memory),
	};

	maker = &gmp;
	return cmocka_run_group_tests(tests, crypto_setup, crypto_teardown);
}
