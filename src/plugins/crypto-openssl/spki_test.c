/* SPDX-License-Identifier: Apache-2.0 */
/* spki.c against OpenSSL's decoders: what it reads they read too, as the same key, and it reads every
 * key in the form that OpenSSL writes. */
#include "crypto_test.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#define SIGN (&sign_ops)

static EVP_PKEY *decoded(const uint8_t *der, size_t len)
{
	const uint8_t *p = der;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &p, (long)len);

	ERR_clear_error();
	if (key != NULL && p != der + len) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

/* What is read stands for this key and for these octets. */
static bool same_or_unknown(const uint8_t *der, size_t len)
{
	EVP_PKEY *mine = spki_read(ms_bytes(der, len)), *theirs;
	uint8_t *again = NULL;

	if (mine == NULL)
		return false;
	theirs = decoded(der, len);
	assert_non_null(theirs);
	assert_int_equal(EVP_PKEY_eq(mine, theirs), 1);
	assert_int_equal(i2d_PUBKEY(mine, &again), len);
	assert_memory_equal(again, der, len);
	OPENSSL_free(again);
	EVP_PKEY_free(mine);
	EVP_PKEY_free(theirs);
	return true;
}

static EVP_PKEY *generate(const char *kind)
{
	if (strncmp(kind, "RSA", 3) == 0)
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)atoi(kind + 3));
	return strncmp(kind, "P-", 2) == 0 ? EVP_EC_gen(kind) : EVP_PKEY_Q_keygen(NULL, NULL, kind);
}

static size_t encoded(const char *kind, uint8_t *der, size_t size)
{
	EVP_PKEY *key = generate(kind);
	int len;

	assert_non_null(key);
	len = i2d_PUBKEY(key, NULL);
	assert_in_range(len, 1, size);
	assert_int_equal(i2d_PUBKEY(key, &der), len);
	EVP_PKEY_free(key);
	return (size_t)len;
}

static const char *const kinds[] = { "RSA512", "RSA1024", "RSA2048", "P-256", "P-384", "P-521",
	"ED25519", "ED448" };

static void reads_what_openssl_writes(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		uint8_t der[600];
		size_t len = encoded(kinds[i], der, sizeof der);

		if (!same_or_unknown(der, len))
			fail_msg("%s is not read", kinds[i]);
	}
}

static void mutants_are_read_as_openssl_does(void **state)
{
	unsigned read = 0, left = 0;

	(void)state;
	for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		uint8_t der[600];
		size_t len = encoded(kinds[i], der, sizeof der);

		/* heads in all bits, and the key's first octets */
		for (size_t at = 0; at < len && at < 48; at++)
			for (unsigned bit = 0; bit < 8; bit++) {
				der[at] ^= (uint8_t)(1u << bit);
				*(same_or_unknown(der, len) ? &read : &left) += 1;
				der[at] ^= (uint8_t)(1u << bit);
			}
		for (size_t cut = 0; cut < len; cut++)
			assert_false(same_or_unknown(der, cut));
		der[len] = 0;
		assert_false(same_or_unknown(der, len + 1));
	}
	assert_true(read > 100); /* other moduli and other curve points of RSA, Ed25519, Ed448 */
	assert_true(left > 1000);
}

static void off_the_curve(void **state)
{
	(void)state;
	for (unsigned i = 3; i < 6; i++) {
		struct ms_pubkey *key = NULL;
		uint8_t der[200];
		size_t len = encoded(kinds[i], der, sizeof der);

		der[len - 1] ^= 1;
		assert_null(spki_read(ms_bytes(der, len)));
		assert_int_equal(SIGN->pubkey_from_spki(&key, ms_bytes(der, len), NULL),
			MS_ERR_BAD_KEY);
		assert_null(key);
	}
}

/* The decoders take them: the key is the same one. */
static void compressed_points_are_left_to_openssl(void **state)
{
	uint8_t der[200], *p = der;
	struct ms_pubkey *a = NULL, *b = NULL;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	int len = i2d_PUBKEY(key, NULL);

	(void)state;
	assert_in_range(len, 1, sizeof der);
	i2d_PUBKEY(key, &p);
	assert_int_equal(SIGN->pubkey_from_spki(&a, ms_bytes(der, (size_t)len), NULL), MS_OK);
	assert_int_equal(
		EVP_PKEY_set_utf8_string_param(key, "point-format", "compressed"), 1);
	p = der;
	len = i2d_PUBKEY(key, &p);
	assert_null(spki_read(ms_bytes(der, (size_t)len)));
	assert_int_equal(SIGN->pubkey_from_spki(&b, ms_bytes(der, (size_t)len), NULL), MS_OK);
	assert_true(SIGN->pubkey_eq(a, b));
	SIGN->pubkey_free(&a);
	SIGN->pubkey_free(&b);
	EVP_PKEY_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_openssl_writes),
		cmocka_unit_test(mutants_are_read_as_openssl_does),
		cmocka_unit_test(off_the_curve),
		cmocka_unit_test(compressed_points_are_left_to_openssl),
	};

	return cmocka_run_group_tests(tests, crypto_setup, crypto_teardown);
}
