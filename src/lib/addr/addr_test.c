/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/addr/addr_test.h"

#include <arpa/inet.h>

static const struct {
	const char *in;
	int family;
	unsigned flags;
	const char *out;
} accepted[] = {
	{ "10.7.7.7", 0, 0, "10.7.7.7" },
	{ "0.0.0.0", AF_INET, 0, "0.0.0.0" },
	{ "255.255.255.255", AF_INET, 0, "255.255.255.255" },
	{ "128.009.000.032", AF_INET, 0, "128.9.0.32" }, /* zeros in front are not octal */
	{ "010.08.1.1", 0, 0, "10.8.1.1" },
	{ "0xc0A80101", 0, 0, "192.168.1.1" },
	{ "10", 0, MS_TEXT_SHORT, "10.0.0.0" },
	{ "10.1", AF_INET, MS_TEXT_SHORT, "10.1.0.0" },
	{ "172.16.5", 0, MS_TEXT_SHORT, "172.16.5.0" },
	{ "::", 0, 0, "::" },
	{ "::1", AF_INET6, 0, "::1" },
	{ "1::", 0, 0, "1::" },
	{ "3049:1::120", 0, 0, "3049:1::120" },
	{ "3058:4::5", AF_INET6, 0, "3058:4::5" },
	{ "1:0:0:0:3:0:0:2", 0, 0, "1::3:0:0:2" },
	{ "1:0:0:3:0:0:0:2", 0, 0, "1:0:0:3::2" },
	{ "1:0:0:3:4:0:0:2", 0, 0, "1::3:4:0:0:2" },    /* the first of equal runs */
	{ "1:0:3:4:5:6:7:8", 0, 0, "1:0:3:4:5:6:7:8" }, /* one group is not a run */
	{ "1::3:4:5:6:7:8", 0, 0, "1:0:3:4:5:6:7:8" },
	{ "::2:3:4:5:6:7:8", 0, 0, "0:2:3:4:5:6:7:8" },
	{ "1:2:3:4:5:6:7::", 0, 0, "1:2:3:4:5:6:7:0" },
	{ "0:0:0:0:0:0:0:0", 0, 0, "::" },
	{ "1:2:3:4:5:6:0:0", 0, 0, "1:2:3:4:5:6::" },
	{ "2001:0DB8::00FF", 0, 0, "2001:db8::ff" },
	{ "FFFF:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0, 0,
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	{ "::ffff:192.0.2.1", 0, 0, "::ffff:192.0.2.1" },
	{ "::ffff:c000:201", 0, 0, "::ffff:192.0.2.1" },
	{ "64:ff9b::192.0.2.33", 0, 0, "64:ff9b::c000:221" },
	{ "1:2:3:4:5:6:7.8.9.10", 0, 0, "1:2:3:4:5:6:708:90a" },
	{ "::1.2.3.4", 0, 0, "::102:304" },
};

static void parses_what_the_family_writes(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(accepted); i++) {
		size_t len = strlen(accepted[i].in);
		char *in = exact(accepted[i].in, len), text[MS_ADDR_TEXT];
		struct ms_addr a, again;
		struct ms_why why = { "" };

		if (ms_addr_parse(&a, in, len, accepted[i].family, accepted[i].flags, &why) !=
			MS_OK)
			fail_msg("%s refused: %s", accepted[i].in, why.text);
		assert_int_equal(ms_addr_text(&a, text, sizeof text), strlen(accepted[i].out));
		assert_string_equal(text, accepted[i].out);
		assert_int_equal(ms_addr_parse(&again, text, strlen(text), 0, 0, NULL), MS_OK);
		assert_true(ms_addr_eq(&a, &again));
		free(in);
	}
}

static void host_order_hex(void **state)
{
	struct in_addr in = { .s_addr = 0x0100007f }; /* as this machine stores it */
	struct ms_addr a;

	(void)state;
	assert_int_equal(ms_addr_parse(&a, "0h0100007f", 10, 0, 0, NULL), MS_OK);
	assert_memory_equal(a.b, &in, 4);
	assert_int_equal(a.family, AF_INET);
}

static const struct {
	const char *in;
	int family;
	ms_err err;
	const char *why;
} refused[] = {
	{ "", 0, MS_ERR_TEXT, "empty where an IP address was expected" },
	{ "10", 0, MS_ERR_TEXT, "1 part where" },
	{ "10.1.2", 0, MS_ERR_TEXT, "3 parts where" },
	{ "10.1.2.3.4", 0, MS_ERR_TEXT, "more than four parts" },
	{ "10..2.3", 0, MS_ERR_TEXT, "part 2 of the dotted address is empty" },
	{ "10.1.2.", 0, MS_ERR_TEXT, "part 4" },
	{ ".1.2.3", 0, MS_ERR_TEXT, "part 1" },
	{ "10.1.2.256", 0, MS_ERR_RANGE, "part 4 of the dotted address is not 0 to 255" },
	{ "10.1.2.0003", 0, MS_ERR_RANGE, "part 4" },
	{ "10.0x9.1.1", 0, MS_ERR_TEXT, "does not look numeric and name lookup not allowed" },
	{ "10.1.2.3x", 0, MS_ERR_TEXT, "does not look numeric" },
	{ "-1.2.3.4", 0, MS_ERR_TEXT, "does not look numeric" },
	{ "gw2", AF_INET, MS_ERR_TEXT, "an IPv4 address was expected" },
	{ "0x1", 0, MS_ERR_TEXT, "1 hexadecimal digits where an IPv4 address needs 8" },
	{ "0x123456789", 0, MS_ERR_TEXT, "9 hexadecimal digits" },
	{ "0h1234567", 0, MS_ERR_TEXT, "7 hexadecimal digits" },
	{ "0x", 0, MS_ERR_TEXT, "does not look numeric" },
	{ "0xGGGGGGGG", 0, MS_ERR_TEXT, "does not look numeric" },
	{ "10.7.7.7", AF_INET6, MS_ERR_TEXT, "IPv4 address where an IPv6 address was expected" },
	{ "0x0a070707", AF_INET6, MS_ERR_TEXT, "IPv4 address where an IPv6" },
	{ "::1", AF_INET, MS_ERR_TEXT, "IPv6 address where an IPv4 address was expected" },
	{ ":", 0, MS_ERR_TEXT, "group of hexadecimal digits" },
	{ ":1", 0, MS_ERR_TEXT, "expected at position 1" },
	{ "1:", 0, MS_ERR_TEXT, "ends with a single ':'" },
	{ "1:2:3:4:5:6:7:8:", 0, MS_ERR_TEXT, "ends with a single ':'" },
	{ ":::", 0, MS_ERR_TEXT, "position 3" },
	{ "1:::2", 0, MS_ERR_TEXT, "position 4" },
	{ "1::2::3", 0, MS_ERR_TEXT, "two '::'" },
	{ "::1::", 0, MS_ERR_TEXT, "two '::'" },
	{ "1:2:3:4:5:6:7", 0, MS_ERR_TEXT, "7 groups" },
	{ "1:2:3:4:5:6:7:8:9", 0, MS_ERR_TEXT, "more than eight groups" },
	{ "1:2:3:4::5:6:7:8", 0, MS_ERR_TEXT, "stands for no group" },
	{ "1:2:3:4:5:6:7:8::", 0, MS_ERR_TEXT, "stands for no group" },
	{ "12345::", 0, MS_ERR_TEXT, "more than four digits" },
	{ "1::g", 0, MS_ERR_TEXT, "group of hexadecimal digits" },
	{ "1::2g", 0, MS_ERR_TEXT, "bad character at position 5" },
	{ "::1.2.3", 0, MS_ERR_TEXT, "3 parts" },
	{ "::1.2.3.256", 0, MS_ERR_RANGE, "part 4" },
	{ "1:2:3:4:5:6:7:1.2.3.4", 0, MS_ERR_TEXT, "bad character" },
	{ "::1.2.3.4:5", 0, MS_ERR_TEXT, "bad character" },
	{ "fe80::1%eth0", 0, MS_ERR_TEXT, "bad character at position 8" },
	{ "::1 ", 0, MS_ERR_TEXT, "blank at position 4" },
	{ "10.7.7.7\n", 0, MS_ERR_TEXT, "control character (octet 10) at position 9" },
};

static void refuses_and_says_why(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(refused); i++) {
		size_t len = strlen(refused[i].in);
		char *in = exact(refused[i].in, len);
		struct ms_addr a = { .family = 99 };
		struct ms_why why = { "" };
		ms_err err = ms_addr_parse(&a, in, len, refused[i].family, 0, &why);

		if (err != refused[i].err)
			fail_msg("%s: %s (%s)", refused[i].in, ms_err_text(err), why.text);
		check_why(&why, refused[i].in, refused[i].why);
		assert_int_equal(a.family, 99);
		free(in);
	}
	assert_int_equal(
		ms_addr_parse(&(struct ms_addr){ 0 }, "1.2.3.4\0", 8, 0, 0, NULL), MS_ERR_TEXT);
	assert_int_equal(ms_addr_parse(&(struct ms_addr){ 0 }, NULL, 0, 0, 0, NULL), MS_ERR_TEXT);
}

static void length_rules_not_nul(void **state)
{
	struct ms_addr a, want = ms_addr_v4(0x0a010203);

	(void)state;
	assert_int_equal(ms_addr_parse(&a, "10.1.2.34", 8, 0, 0, NULL), MS_OK);
	assert_true(ms_addr_eq(&a, &want));
}

static void long_and_hostile_values_are_shown_short(void **state)
{
	char text[600];
	struct ms_addr a;
	struct ms_why why;

	(void)state;
	memset(text, 'a', sizeof text);
	text[3] = '\033';
	assert_int_equal(ms_addr_parse(&a, text, sizeof text, 0, 0, &why), MS_ERR_TEXT);
	assert_true(strlen(why.text) < 200);
	assert_null(strchr(why.text, '\033'));
	assert_non_null(strstr(why.text, "aaa?aaa"));
	assert_non_null(strstr(why.text, "...\""));
}

static void names_only_when_allowed(void **state)
{
	struct ms_addr a;
	struct ms_why why;

	(void)state;
	assert_int_equal(ms_addr_parse(&a, "localhost", 9, AF_INET, 0, &why), MS_ERR_TEXT);
	assert_int_equal(ms_addr_parse(&a, "localhost", 9, AF_INET, MS_TEXT_DNS, &why), MS_OK);
	assert_true(ms_addr_is_loopback(&a));
	/* what getaddrinfo would take for numbers in the manner of inet_aton */
	assert_int_equal(ms_addr_parse(&a, "10.0x9.1", 8, 0, MS_TEXT_DNS, &why), MS_ERR_TEXT);
	check_why(&why, "10.0x9.1", "not a dotted decimal");
	assert_int_equal(ms_addr_parse(&a, "a/b", 3, 0, MS_TEXT_DNS, &why), MS_ERR_TEXT);
	check_why(&why, "a/b", "possible host name");
	assert_int_equal(ms_addr_parse(&a, "-v", 2, 0, MS_TEXT_DNS, &why), MS_ERR_TEXT);
	assert_int_equal(ms_addr_parse(&a, "10.1", 4, 0, MS_TEXT_DNS, &why), MS_ERR_TEXT);
}

static void other_texts(void **state)
{
	char buf[MS_REVERSE_TEXT];
	struct ms_addr v4 = ms_addr_v4(0x0a070809), v6;

	(void)state;
	assert_int_equal(ms_addr_reverse_text(&v4, buf, sizeof buf), 22);
	assert_string_equal(buf, "9.8.7.10.in-addr.arpa.");
	assert_int_equal(ms_addr_parse(&v6, "2001:db8::567:89ab", 18, 0, 0, NULL), MS_OK);
	assert_int_equal(ms_addr_reverse_text(&v6, buf, sizeof buf), MS_REVERSE_TEXT - 1);
	assert_string_equal(
		buf, "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.");
	ms_addr_long_text(&v6, buf, sizeof buf);
	assert_string_equal(buf, "2001:db8:0:0:0:0:567:89ab");
	assert_int_equal(ms_addr_long_text(&v4, buf, sizeof buf), 8);
	assert_int_equal(ms_addr_text(&(struct ms_addr){ 0 }, buf, sizeof buf), 6);
	assert_string_equal(buf, "%unset");
}

static void text_never_overflows(void **state)
{
	struct ms_addr a;
	char buf[64];
	size_t size;

	(void)state;
	assert_int_equal(ms_addr_parse(&a, "1:2:3:4:5:6:7:8", 15, 0, 0, NULL), MS_OK);
	for (size = 0; size < 20; size++) {
		memset(buf, '#', sizeof buf);
		assert_int_equal(ms_addr_text(&a, size == 0 ? NULL : buf, size), 15);
		assert_int_equal(buf[size], '#');
		if (size > 0)
			assert_int_equal(strlen(buf), size < 16 ? size - 1 : 15);
	}
}

static void values(void **state)
{
	struct ms_addr a, b, none = { 0 };
	uint8_t octets[16] = { 0x20, 1 };

	(void)state;
	assert_int_equal(ms_addr_from_octets(&a, octets, 16), MS_OK);
	assert_int_equal(a.family, AF_INET6);
	assert_int_equal(ms_addr_from_octets(&b, octets, 4), MS_OK);
	assert_int_equal(b.family, AF_INET);
	assert_int_equal(ms_addr_from_octets(&b, octets, 5), MS_ERR_TEXT);
	assert_int_equal(ms_addr_octets(&a), 16);
	assert_int_equal(ms_addr_octets(&none), 0);
	assert_false(ms_addr_is_any(&a));
	assert_true(ms_addr_is_any(&none));
	a = ms_addr_any(AF_INET6);
	b = ms_addr_any(AF_INET);
	assert_true(ms_addr_is_any(&a) && ms_addr_is_any(&b));
	assert_false(ms_addr_eq(&a, &b));
	assert_true(ms_addr_cmp(&b, &a) < 0 && ms_addr_cmp(&a, &b) > 0 && ms_addr_cmp(&a, &a) == 0);
	assert_false(ms_addr_is_loopback(&a));
	a.b[15] = 1;
	assert_true(ms_addr_is_loopback(&a));
	b = ms_addr_v4(0x7f000005);
	assert_true(ms_addr_is_loopback(&b));
	b = ms_addr_v4(0x80000001);
	assert_false(ms_addr_is_loopback(&b));
	a = ms_addr_v4(0x7fffffff);
	assert_true(ms_addr_cmp(&a, &b) < 0);
	assert_false(ms_addr_prefix_eq(&a, &b, 1));
	assert_true(ms_addr_prefix_eq(&a, &b, 0));
}

static const struct {
	const char *in, *out, *why;
} endpoints[] = {
	{ "192.0.2.1", "192.0.2.1:500", NULL },
	{ "192.0.2.1:4500", "192.0.2.1:4500", NULL },
	{ "2001:db8::1", "[2001:db8::1]:500", NULL },
	{ "[2001:db8::1]", "[2001:db8::1]:500", NULL },
	{ "[::1]:65535", "[::1]:65535", NULL },
	{ "192.0.2.1:", NULL, "empty where a port" },
	{ "192.0.2.1:65536", NULL, "above 65535" },
	{ "192.0.2.1:ike", NULL, "unknown port" },
	{ "[::1", NULL, "without ']'" },
	{ "[::1]500", NULL, "expected :PORT" },
	{ "[::1]:", NULL, "empty where a port" },
	{ "[192.0.2.1]:500", NULL, "IPv6 address was expected" },
	{ "[]:500", NULL, "empty" },
	{ ":500", NULL, "empty" },
};

static void endpoint_texts(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(endpoints); i++) {
		size_t len = strlen(endpoints[i].in);
		char *in = exact(endpoints[i].in, len), text[MS_ENDPOINT_TEXT];
		struct ms_endpoint e;
		struct ms_why why = { "" };
		ms_err err = ms_endpoint_parse(&e, in, len, 0, 500, 0, &why);

		if ((err == MS_OK) != (endpoints[i].out != NULL))
			fail_msg("%s: %s", endpoints[i].in, why.text);
		if (err == MS_OK) {
			ms_endpoint_text(&e, text, sizeof text);
			assert_string_equal(text, endpoints[i].out);
		} else {
			check_why(&why, endpoints[i].in, endpoints[i].why);
		}
		free(in);
	}
}

static void endpoint_sockaddrs(void **state)
{
	static const char *const texts[] = { "192.0.2.1:4500", "[2001:db8::1]:500" };
	static const socklen_t sizes[] = { sizeof(struct sockaddr_in),
		sizeof(struct sockaddr_in6) };
	struct sockaddr_storage ss;
	struct ms_endpoint e, again;
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(texts); i++) {
		assert_int_equal(
			ms_endpoint_parse(&e, texts[i], strlen(texts[i]), 0, 0, 0, NULL), MS_OK);
		assert_int_equal(ms_endpoint_to_sockaddr(&e, &ss), sizes[i]);
		assert_int_equal(ms_endpoint_from_sockaddr(&again, (struct sockaddr *)&ss), MS_OK);
		assert_true(ms_endpoint_eq(&e, &again));
		again.port++;
		assert_false(ms_endpoint_eq(&e, &again));
	}
	assert_int_equal(ntohs(((struct sockaddr_in6 *)&ss)->sin6_port), 500);
	e.addr.family = 0;
	assert_int_equal(ms_endpoint_to_sockaddr(&e, &ss), 0);
	ss.ss_family = AF_UNIX;
	assert_int_equal(
		ms_endpoint_from_sockaddr(&again, (struct sockaddr *)&ss), MS_ERR_UNSUPPORTED);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_what_the_family_writes),
		cmocka_unit_test(host_order_hex),
		cmocka_unit_test(refuses_and_says_why),
		cmocka_unit_test(length_rules_not_nul),
		cmocka_unit_test(long_and_hostile_values_are_shown_short),
		cmocka_unit_test(names_only_when_allowed),
		cmocka_unit_test(other_texts),
		cmocka_unit_test(text_never_overflows),
		cmocka_unit_test(values),
		cmocka_unit_test(endpoint_texts),
		cmocka_unit_test(endpoint_sockaddrs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
