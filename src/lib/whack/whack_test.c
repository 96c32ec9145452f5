/* SPDX-License-Identifier: Apache-2.0 */
#include <modswan/whack.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAP (MS_WHACK_HEADER_OCTETS + MS_WHACK_REQUEST_OCTETS)

static const struct ms_arg two[] = { { "name", "net1" }, { "value", "a=b \n\xff" } };
static const struct ms_request up = { "up", two, 2, false };

static size_t encode(uint8_t *out, const struct ms_request *r)
{
	struct ms_why why = { "" };
	size_t used = 0;

	assert_int_equal(ms_whack_encode(out, CAP, &used, r, &why), MS_OK);
	return used;
}

static void test_wire_form(void **state)
{
	static const char want[] = "\0\0\0\x1a"
				   "up\0name=net1\0value=a=b \n\xff";
	uint8_t *out = malloc(CAP);

	(void)state;
	assert_non_null(out);
	assert_int_equal(encode(out, &up), sizeof want);
	assert_memory_equal(out, want, sizeof want);
	free(out);
}

static void test_round_trip(void **state)
{
	uint8_t *out = malloc(CAP);
	struct ms_whack_request r;
	size_t used, octets;

	(void)state;
	assert_non_null(out);
	used = encode(out, &up);
	assert_int_equal(ms_whack_decode_header(out, &octets, NULL), MS_OK);
	assert_int_equal(octets, used - MS_WHACK_HEADER_OCTETS);
	assert_int_equal(ms_whack_decode(&r, (char *)out + 4, octets, NULL), MS_OK);
	assert_string_equal(r.command, "up");
	assert_int_equal(r.n_args, 2);
	assert_string_equal(r.args[0].name, "name");
	assert_string_equal(r.args[0].value, "net1");
	assert_string_equal(r.args[1].name, "value");
	assert_string_equal(r.args[1].value, "a=b \n\xff");
	free(out);
}

/* Each prefix is either refused or, when it ends behind a string, a shorter request. */
static void test_every_truncation(void **state)
{
	uint8_t *out = malloc(CAP);
	size_t used;

	(void)state;
	assert_non_null(out);
	used = encode(out, &up) - MS_WHACK_HEADER_OCTETS;
	for (size_t n = 0; n < used; n++) {
		struct ms_whack_request r;
		struct ms_why why = { "" };
		char *body = malloc(n + (n == 0));
		ms_err err;

		assert_non_null(body);
		memcpy(body, out + MS_WHACK_HEADER_OCTETS, n);
		err = ms_whack_decode(&r, body, n, &why);
		if (n > 0 && out[MS_WHACK_HEADER_OCTETS + n - 1] == '\0') {
			assert_int_equal(err, MS_OK);
		} else {
			assert_int_equal(err, MS_ERR_TRUNCATED);
			assert_string_not_equal(why.text, "");
		}
		free(body);
	}
	free(out);
}

static void test_header_limits(void **state)
{
	static const struct {
		uint8_t h[4];
		ms_err err;
	} rows[] = {
		{ { 0, 0, 0, 0 }, MS_ERR_LIMIT },
		{ { 0, 0, 0, 1 }, MS_OK },
		{ { 0, 1, 0, 0 }, MS_OK },
		{ { 0, 1, 0, 1 }, MS_ERR_LIMIT },
		{ { 0xff, 0xff, 0xff, 0xff }, MS_ERR_LIMIT },
		{ { 'G', 'E', 'T', ' ' }, MS_ERR_LIMIT },
	};
	size_t n;

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(ms_whack_decode_header(rows[i].h, &n, NULL), rows[i].err);
}

static void test_bad_requests(void **state)
{
	static const struct {
		const char *body;
		size_t octets;
		ms_err err;
	} rows[] = {
		{ "\0", 1, MS_ERR_SYNTAX },
		{ "Up\0", 3, MS_ERR_SYNTAX },
		{ "1up\0", 4, MS_ERR_SYNTAX },
		{ "u p\0", 4, MS_ERR_SYNTAX },
		{ "up\0name\0", 8, MS_ERR_SYNTAX },
		{ "up\0=net1\0", 9, MS_ERR_SYNTAX },
		{ "up\0Name=x\0", 10, MS_ERR_SYNTAX },
		{ "up\0\0", 4, MS_ERR_SYNTAX },
		{ "up\0name=\0", 9, MS_OK },
		{ "up_2-x\0", 7, MS_OK },
	};
	struct ms_whack_request r;
	char body[32];

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		memcpy(body, rows[i].body, rows[i].octets);
		assert_int_equal(ms_whack_decode(&r, body, rows[i].octets, NULL), rows[i].err);
	}
}

static void test_too_many_args(void **state)
{
	struct ms_whack_request r;
	char body[8 + (MS_WHACK_ARGS + 1) * 4];
	size_t n = 3;

	(void)state;
	memcpy(body, "up", 3);
	for (unsigned i = 0; i <= MS_WHACK_ARGS; i++, n += 4)
		memcpy(body + n, "a=b", 4);
	assert_int_equal(ms_whack_decode(&r, body, n, NULL), MS_ERR_LIMIT);
}

static void test_encode_refuses(void **state)
{
	static char huge[MS_WHACK_REQUEST_OCTETS + 1];
	struct ms_arg one = { "name", huge };
	struct ms_request r = { "up", &one, 1, false };
	uint8_t *out = malloc(2 * CAP), small[8];
	size_t used;

	(void)state;
	assert_non_null(out);
	assert_int_equal(ms_whack_encode(small, sizeof small, &used, &up, NULL), MS_ERR_SPACE);
	memset(huge, 'x', sizeof huge - 1);
	assert_int_equal(ms_whack_encode(out, 2 * CAP, &used, &r, NULL), MS_ERR_LIMIT);
	one.name = "Name";
	assert_int_equal(ms_whack_encode(out, CAP, &used, &r, NULL), MS_ERR_SYNTAX);
	r.command = "";
	assert_int_equal(ms_whack_encode(out, CAP, &used, &r, NULL), MS_ERR_SYNTAX);
	free(out);
}

static void test_lines(void **state)
{
	char buf[MS_WHACK_LINE_OCTETS];
	static char longest[2 * MS_WHACK_LINE_OCTETS];
	struct ms_whack_reply r;
	size_t n;

	(void)state;
	n = ms_whack_line(buf, sizeof buf, 4, "\"a\" #1: up\n=000\x1b[2J\xe4");
	assert_string_equal(buf, "004 \"a\" #1: up\\x0a=000\\x1b[2J\\xe4\n");
	assert_int_equal(n, strlen(buf));
	for (unsigned i = 0; i < 2; i++) {
		memset(longest, i == 0 ? 'a' : 1, sizeof longest - 1);
		n = ms_whack_line(buf, sizeof buf, 21, longest);
		assert_true(n < sizeof buf && n > sizeof buf - 8);
		assert_int_equal(buf[n - 1], '\n');
	}
	assert_int_equal(ms_whack_parse_reply(&r, "021 no connection", NULL), MS_OK);
	assert_false(r.end);
	assert_int_equal(r.code, 21);
	assert_string_equal(r.text, "no connection");
	assert_int_equal(ms_whack_parse_reply(&r, "000 ", NULL), MS_OK);
	assert_int_equal(ms_whack_end(buf, sizeof buf, 104), 5);
	assert_string_equal(buf, "=104\n");
	buf[4] = '\0';
	assert_int_equal(ms_whack_parse_reply(&r, buf, NULL), MS_OK);
	assert_true(r.end);
	assert_int_equal(r.code, 104);
}

static void test_bad_replies(void **state)
{
	static const char *const rows[] = { "", "0", "00", "000", "=", "=00", "=0000", "=000 ",
		"x00 a", "00x a", "0000 a", " 000 a" };
	struct ms_whack_reply r;

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(ms_whack_parse_reply(&r, rows[i], NULL), MS_ERR_SYNTAX);
}

static void test_exit_status(void **state)
{
	(void)state;
	assert_int_equal(ms_whack_exit_status(0, 0), 0);
	assert_int_equal(ms_whack_exit_status(21, 2), 21);
	assert_int_equal(ms_whack_exit_status(21, 3), 21);
	assert_int_equal(ms_whack_exit_status(0, 6), 0);
	assert_int_equal(ms_whack_exit_status(31, 4), 0);
	assert_int_equal(ms_whack_exit_status(0, 25), 25);
	assert_int_equal(ms_whack_exit_status(0, 104), 104);
	assert_int_equal(ms_whack_exit_status(0, 300), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wire_form),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_header_limits),
		cmocka_unit_test(test_bad_requests),
		cmocka_unit_test(test_too_many_args),
		cmocka_unit_test(test_encode_refuses),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_bad_replies),
		cmocka_unit_test(test_exit_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
