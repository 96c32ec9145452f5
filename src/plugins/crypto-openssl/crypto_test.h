/* SPDX-License-Identifier: Apache-2.0 */
/* Common to the tests of this plugin. */
#ifndef CRYPTO_OPENSSL_CRYPTO_TEST_H
#define CRYPTO_OPENSSL_CRYPTO_TEST_H

#include "plugins/crypto-openssl/crypto-openssl.h"

#include <modswan/registry.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Octets from hexadecimal; fails the test when `size` is too small. */
static inline size_t unhex(const char *hex, uint8_t *out, size_t size)
{
	size_t n = 0;
	unsigned octet;

	for (; *hex != '\0'; hex += 2) {
		assert_true(n < size && sscanf(hex, "%2x", &octet) == 1);
		out[n++] = (uint8_t)octet;
	}
	return n;
}

static inline int crypto_setup(void **state)
{
	(void)state;
	return openssl_load(NULL) == MS_OK && ms_crypto_register(&openssl_ops, "openssl") == MS_OK
		       ? 0
		       : -1;
}

static inline int crypto_teardown(void **state)
{
	(void)state;
	ms_crypto_unregister("openssl");
	openssl_unload();
	return 0;
}

#endif
