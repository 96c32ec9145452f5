/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/addr/addr_test.h"

static const struct {
	const char *in;
	unsigned base;
	const char *out;
	size_t len;
} accepted[] = {
	{ "0x", 256, "0x", 2 },
	{ "0xab", 0, "\xab", 1 },
	{ "0XaB", 0, "\xab", 1 },
	{ "0x00ff10", 0, "\0\xff\x10", 3 },
	{ "0x12_34_abcd", 0, "\x12\x34\xab\xcd", 4 },
	{ "0x12345678_9abcdef0", 0, "\x12\x34\x56\x78\x9a\xbc\xde\xf0", 8 },
	{ "1234", 16, "\x12\x34", 2 },
	{ "0x1234", 16, "\x12\x34", 2 },
	{ "0x12 34\tab", MS_DATA_BLANKS, "\x12\x34\xab", 3 },
	/* RFC 4648 s10 */
	{ "0sZg==", 0, "f", 1 },
	{ "0sZm8=", 0, "fo", 2 },
	{ "0sZm9v", 0, "foo", 3 },
	{ "0SZm9vYg==", 0, "foob", 4 },
	{ "Zm9vYmE=", 64, "fooba", 5 },
	{ "Zm9vYmFy", 64, "foobar", 6 },
	{ "0s++//", 0, "\xfb\xef\xff", 3 },
	{ "0sZm 9v\tYg =\t=", MS_DATA_BLANKS, "foob", 4 },
	{ " Zm9v ", 64 | MS_DATA_BLANKS, "foo", 3 },
	/* in base 64 a prefix is data */
	{ "0sZm", 64, "\xd2\xc6\x66", 3 },
	{ "0tabc", 0, "abc", 3 },
	{ "0t0x12", 0, "0x12", 4 },
	{ "0ta b", 0, "a b", 3 },
	{ "0tgr\xc3\xbc\xc3\x9f", 0, "gr\xc3\xbc\xc3\x9f", 6 },
	{ "abc", 256, "abc", 3 },
	{ "a b", 256 | MS_DATA_BLANKS, "a b", 3 },
};

static void reads_data(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(accepted); i++) {
		size_t len = strlen(accepted[i].in), used = 99;
		char *in = exact(accepted[i].in, len);
		uint8_t out[16];
		struct ms_why why = { "" };

		if (ms_data_parse(out, sizeof out, &used, in, len, accepted[i].base, &why) != MS_OK)
			fail_msg("%s refused: %s", accepted[i].in, why.text);
		assert_int_equal(used, accepted[i].len);
		assert_memory_equal(out, accepted[i].out, used);
		free(in);
	}
}

static const struct {
	const char *in;
	unsigned base;
	const char *why;
} refused[] = {
	{ "", 0, "must begin with 0x" },
	{ "", 16, "no data" },
	{ "", 64, "no data" },
	{ "", 256, "no data" },
	{ "0", 0, "must begin with" },
	{ "0x", 0, "no data" },
	{ "0s", 0, "no data" },
	{ "0t", 0, "no data" },
	{ "0x", 16, "no data" },
	{ "abcd", 0, "must begin with" },
	{ "0q12", 0, "must begin with" },
	{ "x12", 0, "must begin with" },
	{ "0x1", 0, "middle of an octet (1 digits)" },
	{ "0x123", 0, "middle of an octet (3 digits)" },
	{ "0x1g", 0, "position 4" },
	{ "0x12 34", 0, "position 5 of the data; a hexadecimal digit" },
	{ "0x_12", 0, "position 3 of the data; one '_' between octets" },
	{ "0x12_", 0, "'_' at the end" },
	{ "0x1_2", 0, "position 4" },
	{ "0x12__34", 0, "position 6" },
	{ "0x_", 0, "position 3" },
	{ "0x12:34", 0, "position 5" },
	{ "0sZg", 0, "group of 2 characters" },
	{ "0sZg=", 0, "group of 3 characters" },
	{ "0sZm9vY", 0, "group of 1 characters" },
	{ "0sZ===", 0, "position 4" },
	{ "0s====", 0, "position 3" },
	{ "0sZg=a", 0, "position 6 of the data; '='" },
	{ "0sZg==Zg==", 0, "behind its padding at position 7" },
	{ "0sZg===", 0, "behind its padding" },
	{ "0sZh==", 0, "unused bits" },
	{ "0sZm9=", 0, "unused bits" },
	{ "0sZm-v", 0, "position 5 of the data; a base64 character" },
	{ "0sZm9v Zg==", 0, "position 7" },
	{ "0sZm\n9v", MS_DATA_BLANKS, "position 5" },
	{ "0ta\nb", 0, "position 4 of the data; text without control characters" },
	{ "0ta\x7f", 0, "position 4" },
	{ "0x12", 8, "base 8" },
};

static void refuses_and_never_shows(void **state)
{
	static const uint8_t zero[16];
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(refused); i++) {
		size_t len = strlen(refused[i].in), used = 99;
		char *in = exact(refused[i].in, len);
		uint8_t out[16];
		struct ms_why why = { "" };
		ms_err err;

		memset(out, 0x55, sizeof out);
		err = ms_data_parse(out, sizeof out, &used, in, len, refused[i].base, &why);
		if (err != (refused[i].base == 8 ? MS_ERR_BUG : MS_ERR_TEXT))
			fail_msg("%s: %s (%s)", refused[i].in, ms_err_text(err), why.text);
		check_why(&why, refused[i].in, refused[i].why);
		assert_int_equal(used, 99);
		assert_memory_equal(out, zero, sizeof out);
		free(in);
	}
	assert_int_equal(ms_data_parse(NULL, 0, &i, "0ta\0b", 5, 0, NULL), MS_ERR_TEXT);
}

static void counts_without_room(void **state)
{
	uint8_t out[3] = { 1, 2, 3 };
	size_t used = 0;
	struct ms_why why;

	(void)state;
	assert_int_equal(ms_data_parse(NULL, 0, &used, "0x12345678", 10, 0, &why), MS_ERR_SPACE);
	assert_int_equal(used, 4);
	check_why(&why, "", "4 octets of data where at most 0");
	assert_int_equal(ms_data_parse(out, 2, &used, "0sZm9v", 6, 0, &why), MS_ERR_SPACE);
	assert_int_equal(used, 3);
	assert_int_equal(out[0] | out[1], 0);
	assert_int_equal(out[2], 3);
	assert_int_equal(ms_data_parse(out, 3, &used, "0sZm9v", 6, 0, &why), MS_OK);
}

static const struct {
	int format;
	const char *out;
} printed[] = {
	{ 'x', "0x1234567890" },
	{ 'h', "0x12345678_90" },
	{ ':', "12:34:56:78:90" },
	{ 16, "1234567890" },
	{ 's', "0sEjRWeJA=" },
	{ 64, "EjRWeJA=" },
	{ '?', "" },
};

static void prints_data(void **state)
{
	static const uint8_t data[] = { 0x12, 0x34, 0x56, 0x78, 0x90 };
	char text[32];
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(printed); i++) {
		size_t need = strlen(printed[i].out);

		assert_int_equal(
			ms_data_text(data, sizeof data, printed[i].format, text, sizeof text),
			need);
		assert_string_equal(text, printed[i].out);
		/* every shorter buffer holds a proper beginning */
		while (need-- > 0) {
			assert_int_equal(
				ms_data_text(data, sizeof data, printed[i].format, text, need + 1),
				strlen(printed[i].out));
			assert_int_equal(strlen(text), need);
			assert_memory_equal(text, printed[i].out, need);
		}
	}
	assert_int_equal(ms_data_text(data, 0, 'x', text, sizeof text), 2);
}

static void round_trips(void **state)
{
	static const int formats[] = { 'x', 'h', 16, 's', 64 };
	uint8_t data[40], back[40];
	char text[128];
	size_t len, f, used, i;

	(void)state;
	for (i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i * 37 + 200);
	for (len = 1; len <= sizeof data; len++) {
		for (f = 0; f < ROWS(formats); f++) {
			unsigned base =
				formats[f] == 16 || formats[f] == 64 ? (unsigned)formats[f] : 0;
			size_t n = ms_data_text(data, len, formats[f], text, sizeof text);

			assert_int_equal(
				ms_data_parse(back, len, &used, text, n, base, NULL), MS_OK);
			assert_int_equal(used, len);
			assert_memory_equal(back, data, len);
		}
	}
}

static const struct {
	const char *blob;
	size_t len;
	size_t e_octets, n_octets;
	const char *why;
} blobs[] = {
	{ "\x01\x03\xc1\xc2\xc3\xc4\xc5", 7, 1, 5, NULL },
	{ "\x03\x01\x00\x01\xc1\xc2", 6, 3, 2, NULL },
	{ "\x00\x00\x03\x01\x00\x01\xc1\xc2", 8, 3, 2, NULL },
	{ "\x01\x03\xc1", 3, 1, 1, NULL },
	{ "", 0, 0, 0, "0 octets" },
	{ "\x01\x03", 2, 0, 0, "2 octets" },
	{ "\x02\x01\x01", 3, 0, 0, "exponent of 2 octets and a modulus" },
	{ "\x00\x00\x00\x01", 4, 0, 0, "exponent of 0 octets" },
	{ "\x00\x00\x01", 3, 0, 0, "exponent of 1 octets" },
	{ "\x00\xff\xff\x01\x02", 5, 0, 0, "exponent of 65535" },
	{ "\x01\x00\xc1\xc2", 4, 0, 0, "exponent begins with a zero" },
	{ "\x01\x03\x00\xc2", 4, 0, 0, "modulus begins with a zero" },
};

static void rsa_blobs(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(blobs); i++) {
		uint8_t *blob = (uint8_t *)exact(blobs[i].blob, blobs[i].len);
		struct ms_rsa_blob key;
		struct ms_why why = { "" };
		ms_err err = ms_rsa_blob_split(&key, blob, blobs[i].len, &why);

		if (err != (blobs[i].why == NULL ? MS_OK : MS_ERR_BAD_KEY))
			fail_msg("blob %zu: %s", i, why.text);
		if (err == MS_OK) {
			assert_int_equal(key.e_octets, blobs[i].e_octets);
			assert_int_equal(key.n_octets, blobs[i].n_octets);
			assert_ptr_equal(key.n + key.n_octets, blob + blobs[i].len);
			assert_ptr_equal(key.e + key.e_octets, key.n);
			assert_true(key.n[0] == 0xc1);
		} else {
			check_why(&why, "blob", blobs[i].why);
		}
		free(blob);
	}
}

static void rsa_key_ids(void **state)
{
	static const char key[] = "0sAQOF8tZ2+abcdefg"; /* the head of a key with e=3 */
	uint8_t blob[32];
	char id[MS_RSA_KEYID_TEXT];
	size_t used;

	(void)state;
	assert_int_equal(ms_data_parse(blob, sizeof blob, &used, key, strlen(key), 0, NULL), MS_OK);
	assert_int_equal(ms_rsa_keyid_text(blob, used, id, sizeof id), 9);
	assert_string_equal(id, "AQOF8tZ2+");
	assert_int_equal(ms_rsa_keyid_text(blob, 1, id, sizeof id), 4);
	assert_string_equal(id, "AQ==");
	assert_int_equal(ms_rsa_keyid_text(blob, 0, id, sizeof id), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_data),
		cmocka_unit_test(refuses_and_never_shows),
		cmocka_unit_test(counts_without_room),
		cmocka_unit_test(prints_data),
		cmocka_unit_test(round_trips),
		cmocka_unit_test(rsa_blobs),
		cmocka_unit_test(rsa_key_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
