/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/crypto-openssl/rsa_maker_test.h"

#include "plugins/crypto-openssl/rsa.h"

int main(void)
{
	static const struct maker openssl = { &rsa_make_ops, RSA_MIN_BITS, RSA_MAX_BITS };
	const struct CMUnitTest tests[] = { RSA_MAKER_TESTS };

	maker = &openssl;
	return cmocka_run_group_tests(tests, crypto_setup, crypto_teardown);
}
