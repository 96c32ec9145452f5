/* SPDX-License-Identifier: Apache-2.0 */
/* CKAIDs of keys that were made and hashed by other programs; forms that have none; their text. */
#include "plugins/crypto-openssl/crypto_test.h"

#include <modswan/creds.h>

static const struct {
	const char *spki, *ckaid;
} rows[] = {
	/* RSA, whose modulus has a zero in front for its sign */
	{ "305c300d06092a864886f70d0101010500034b003048024100b839cd66e2bf50acd9101af0300d6fb11dd1cd7a"
	  "a013300c2f5c8829bbafaabf87aa337cc3043b3a3f478a18bf759deb14b5efc498935846b89c9a4c79807b1f"
	  "0203010001",
		"890a08e690b2b06999b5d6e1a426a2401eb6805e" },
	/* P-256, Ed25519, Ed448 */
	{ "3059301306072a8648ce3d020106082a8648ce3d03010703420004979db947006b1219084a7c70a46cbce72d31"
	  "8b893b204c70a55cbfa4b96742a70b60d5b2551a8528ffa97b652908dccad16934e037f8f7a01aac00aeb608"
	  "fecf",
		"6549c29427d3561639fc746b6751b798025136b7" },
	{ "302a300506032b657003210084b4a174ee6ef3901f26cfe451d20c91f0fdf6409b75c3db947cf7f33dd69012",
		"3659e2cc6f5af9404b077f7f106b0ae24affca66" },
	{ "3043300506032b6571033a0030392b0adc5e0b75cd5f0857b3aa664e7988ac311004ddc8eebf4dcd37697255a2"
	  "060e08df73a0d200e5727f0ed9354a37a0554dc1c13e0d80",
		"6929a1ffddda02cdf8f906314a99c697647909d7" },
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static void test_known(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ROWS; i++) {
		uint8_t spki[512], ckaid[MS_CKAID_OCTETS];
		size_t len = unhex(rows[i].spki, spki, sizeof spki);
		struct ms_pubkey *key = NULL;
		char text[MS_CKAID_TEXT];

		assert_int_equal(ms_ckaid_of_spki(ckaid, ms_bytes(spki, len), NULL), MS_OK);
		ms_ckaid_text(ckaid, text);
		assert_string_equal(text, rows[i].ckaid);
		assert_int_equal(sign_ops.pubkey_from_spki(&key, ms_bytes(spki, len), NULL), MS_OK);
		assert_true(ms_has_ckaid(key, ckaid));
		ckaid[7] ^= 1;
		assert_false(ms_has_ckaid(key, ckaid));
		sign_ops.pubkey_free(&key);
	}
}

/* Cut anywhere, with any octet changed: no octet outside is read, and cut ones have no CKAID. */
static void test_malformed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ROWS; i++) {
		uint8_t spki[512], *exact;
		size_t len = unhex(rows[i].spki, spki, sizeof spki);
		struct ms_bytes input;

		for (size_t cut = 0; cut < len; cut++) {
			exact = malloc(cut + 1);
			assert_non_null(exact);
			memcpy(exact, spki, cut);
			assert_false(ms_ckaid_input(ms_bytes(exact, cut), &input));
			free(exact);
			for (unsigned bit = 0; bit < 8; bit++) {
				spki[cut] ^= (uint8_t)(1u << bit);
				if (ms_ckaid_input(ms_bytes(spki, len), &input))
					assert_true(input.len > 0 && input.ptr > spki &&
						    input.ptr + input.len <= spki + len);
				spki[cut] ^= (uint8_t)(1u << bit);
			}
		}
		spki[len] = 0;
		assert_false(ms_ckaid_input(ms_bytes(spki, len + 1), &input));
	}
	assert_int_equal(ms_ckaid_of_spki((uint8_t[MS_CKAID_OCTETS]){ 0 }, ms_bytes("", 0), NULL),
		MS_ERR_BAD_KEY);
}

static void test_text(void **state)
{
	static const char *const wrong[] = { "", "0x", "1f2e",
		"890a08e690b2b06999b5d6e1a426a2401eb6805",
		"890a08e690b2b06999b5d6e1a426a2401eb6805e0",
		"890a08e690b2b06999b5d6e1a426a2401eb6805e00",
		"890a08e690b2b06999b5d6e1a426a2401eb6805g",
		"0sAAAAAAAAAAAAAAAAAAAAAAAAAAA=" };
	uint8_t out[MS_CKAID_OCTETS];
	char text[MS_CKAID_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(ms_ckaid_parse(out, wrong[i], NULL), MS_ERR_TEXT);
	assert_int_equal(ms_ckaid_parse(out, "0x890A08e690b2b06999b5d6e1a426a2401eb6805e", NULL),
		MS_OK);
	ms_ckaid_text(out, text);
	assert_string_equal(text, rows[0].ckaid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, crypto_setup, crypto_teardown);
}
