/* SPDX-License-Identifier: Apache-2.0 */
#include <modswan/resolver.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void names(void **state)
{
	char longest[300];

	(void)state;
	assert_true(ms_dns_name_ok("gw.example.com"));
	assert_true(ms_dns_name_ok("gw.example.com."));
	assert_true(ms_dns_name_ok("1.0/25.2.0.192.in-addr.arpa"));
	assert_true(ms_dns_name_ok("_x"));
	assert_false(ms_dns_name_ok(""));
	assert_false(ms_dns_name_ok("."));
	assert_false(ms_dns_name_ok("a..b"));
	assert_false(ms_dns_name_ok(".a"));
	assert_false(ms_dns_name_ok("a.."));
	assert_false(ms_dns_name_ok("a b"));
	assert_false(ms_dns_name_ok("a\\046b"));
	assert_false(ms_dns_name_ok("a;rm -rf"));
	assert_false(ms_dns_name_ok("\xc3\xa4"));
	memset(longest, 'a', sizeof longest);
	longest[63] = '\0';
	assert_true(ms_dns_name_ok(longest));
	longest[63] = 'a';
	longest[64] = '\0';
	assert_false(ms_dns_name_ok(longest));
	for (unsigned i = 0; i < sizeof longest; i++)
		longest[i] = i % 2 == 0 ? 'a' : '.';
	longest[253] = '\0';
	assert_true(ms_dns_name_ok(longest));
	longest[253] = '.';
	longest[254] = '\0';
	assert_true(ms_dns_name_ok(longest));
	longest[254] = 'a';
	longest[255] = '\0';
	assert_false(ms_dns_name_ok(longest));
}

static size_t text(const char *wire, size_t len, char *buf)
{
	/* exactly as long as it says, so that a sanitizer sees the octet behind it */
	uint8_t *copy = malloc(len + 1);
	size_t n;

	assert_non_null(copy);
	memcpy(copy, wire, len);
	n = ms_dns_name_text(ms_bytes(copy, len), buf, MS_DNS_NAME_MAX + 1);
	free(copy);
	return n;
}

static void from_wire(void **state)
{
	char buf[MS_DNS_NAME_MAX + 1], wire[400];
	size_t at = 0;

	(void)state;
	assert_int_equal(text("\3www\2ex\0rest", 12, buf), 8);
	assert_string_equal(buf, "www.ex");
	assert_int_equal(text("\0", 1, buf), 1);
	assert_string_equal(buf, "");
	assert_int_equal(text("", 0, buf), 0);
	assert_int_equal(text("\3ww", 3, buf), 0);
	assert_int_equal(text("\3www", 4, buf), 0);
	assert_int_equal(text("\xc0\x0c", 2, buf), 0);
	assert_int_equal(text("\3w.w\0", 5, buf), 0);
	assert_int_equal(text("\2a\n\0", 4, buf), 0);
	/* 127 labels of one octet: 253 characters, the longest name there is */
	for (unsigned i = 0; i < 127; i++) {
		wire[at++] = 1;
		wire[at++] = 'a';
	}
	wire[at++] = 0;
	assert_int_equal(text(wire, at, buf), 255);
	assert_int_equal(strlen(buf), 253);
	wire[at - 1] = 1;
	wire[at++] = 'a';
	wire[at++] = 0;
	assert_int_equal(text(wire, at, buf), 0);
}

static void words(void **state)
{
	(void)state;
	assert_string_equal(ms_dns_type_name(MS_DNS_IPSECKEY), "IPSECKEY");
	assert_string_equal(ms_dns_type_name(4711), "?");
	assert_string_equal(ms_dns_status_name(MS_DNS_SECURE), "secure");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(from_wire),
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
