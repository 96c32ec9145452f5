/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/addr/addr_test.h"

static const struct {
	const char *in;
	int family;
	const char *out;
} accepted[] = {
	{ "10/8", 0, "10.0.0.0/8" },
	{ "10.0/8", 0, "10.0.0.0/8" },
	{ "10.0.1/24", AF_INET, "10.0.1.0/24" },
	{ "1.2.3.0/255.255.255.0", 0, "1.2.3.0/24" },
	{ "1.2.3.254/255.255.255.240", 0, "1.2.3.240/28" },
	{ "1.2.3.4/0xffFF0000", 0, "1.2.0.0/16" },
	{ "0x44454647/32", 0, "68.69.70.71/32" },
	{ "0x44454647/0xffffffff", 0, "68.69.70.71/32" },
	{ "%default", 0, "0.0.0.0/0" },
	{ "%default", AF_INET, "0.0.0.0/0" },
	{ "%default", AF_INET6, "::/0" },
	{ "0/0", 0, "0.0.0.0/0" },
	{ "0/0", AF_INET, "0.0.0.0/0" },
	{ "0/0", AF_INET6, "::/0" },
	{ "0:0/0", 0, "::/0" },
	{ "0:0/0", AF_INET6, "::/0" },
	{ "0.0.0.0/0.0.0.0", 0, "0.0.0.0/0" },
	{ "192.168.9.47/24", 0, "192.168.9.0/24" },
	{ "010.001.000.000/16", 0, "10.1.0.0/16" },
	{ "10.1.2.3/032", 0, "10.1.2.3/32" },
	{ "::/21", 0, "::/21" },
	{ "::/0", 0, "::/0" },
	{ "1:0:0:0:3:0:0:2/128", 0, "1::3:0:0:2/128" },
	{ "1:0:0:0:3:0:0:2/64", 0, "1::/64" },
	{ "1:2:3:4:5:6:7:8/79", 0, "1:2:3:4:4::/79" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/1", 0, "8000::/1" },
	{ "3049:1::/64", AF_INET6, "3049:1::/64" },
};

static const struct {
	const char *in;
	int family;
	ms_err err;
	const char *why;
} refused[] = {
	{ "", 0, MS_ERR_TEXT, "empty" },
	{ "10.0.0.0", 0, MS_ERR_TEXT, "no '/'" },
	{ "::1", 0, MS_ERR_TEXT, "no '/'" },
	{ "10.0.0.0/", 0, MS_ERR_TEXT, "prefix length missing" },
	{ "/8", 0, MS_ERR_TEXT, "empty" },
	{ "10.0.0.0/33", 0, MS_ERR_RANGE, "above 32" },
	{ "10.0.0.0/99999999999999999999", 0, MS_ERR_RANGE, "above 32" },
	{ "10.0.0.0/-1", 0, MS_ERR_TEXT, "neither a prefix length" },
	{ "10.0.0.0/8x", 0, MS_ERR_TEXT, "neither a prefix length" },
	{ "10.0.0.0/255.0.255.0", 0, MS_ERR_RANGE, "not contiguous" },
	{ "10.0.0.0/255.255.255.254.0", 0, MS_ERR_TEXT, "neither" },
	{ "10.0.0.0/0xff00ff00", 0, MS_ERR_RANGE, "not contiguous" },
	{ "10.0.0.0/0.255.255.255", 0, MS_ERR_RANGE, "not contiguous" },
	{ "10.0.0.0/255.255", 0, MS_ERR_TEXT, "neither" },
	{ "10.0.0.0/ffffff00", 0, MS_ERR_TEXT, "neither" },
	{ "10.0.0.0/24/24", 0, MS_ERR_TEXT, "neither" },
	{ "10..0.1/24", 0, MS_ERR_TEXT, "part 2" },
	{ "10./8", 0, MS_ERR_TEXT, "part 2" },
	{ "1.2.3.4.5/24", 0, MS_ERR_TEXT, "more than four" },
	{ "1.2.0x9.4/24", 0, MS_ERR_TEXT, "does not look numeric" },
	{ "0x444546471/32", 0, MS_ERR_TEXT, "9 hexadecimal digits" },
	{ "256/8", 0, MS_ERR_RANGE, "part 1" },
	{ "gw/24", 0, MS_ERR_TEXT, "does not look numeric" },
	{ "%defaul", 0, MS_ERR_TEXT, "no '/'" },
	{ "%default/0", 0, MS_ERR_TEXT, "does not look numeric" },
	{ "10.0.0.0 /8", 0, MS_ERR_TEXT, "blank" },
	{ "10.0.0.0/24:10", 0, MS_ERR_TEXT, "neither" },
	{ "::1/129", 0, MS_ERR_RANGE, "above 128" },
	{ "::1/ffff:ffff::", 0, MS_ERR_TEXT, "IPv6 subnet needs a prefix length" },
	{ "::1/255.255.255.0", 0, MS_ERR_TEXT, "IPv6 subnet needs a prefix length" },
	{ "1::2::3/64", 0, MS_ERR_TEXT, "two '::'" },
	{ "::1/64x", 0, MS_ERR_TEXT, "IPv6 subnet needs" },
	{ "::/64", AF_INET, MS_ERR_TEXT, "IPv4 address was expected" },
	{ "10/8", AF_INET6, MS_ERR_TEXT, "IPv6 address was expected" },
	{ "0:0/1", 0, MS_ERR_TEXT, "2 groups" },
	{ "0:0/0", AF_INET, MS_ERR_TEXT, "IPv4 address was expected" },
};

static void parses_subnets(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(accepted); i++) {
		size_t len = strlen(accepted[i].in);
		char *in = exact(accepted[i].in, len), text[MS_SUBNET_TEXT];
		struct ms_subnet s, again;
		struct ms_why why = { "" };

		if (ms_subnet_parse(&s, in, len, accepted[i].family, 0, &why) != MS_OK)
			fail_msg("%s refused: %s", accepted[i].in, why.text);
		assert_int_equal(ms_subnet_text(&s, text, sizeof text), strlen(accepted[i].out));
		assert_string_equal(text, accepted[i].out);
		assert_int_equal(ms_subnet_parse(&again, text, strlen(text), 0, 0, NULL), MS_OK);
		assert_true(ms_subnet_eq(&s, &again));
		free(in);
	}
}

static void refuses_subnets(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(refused); i++) {
		size_t len = strlen(refused[i].in);
		char *in = exact(refused[i].in, len);
		struct ms_subnet s = { .bits = 99 };
		struct ms_why why = { "" };
		ms_err err = ms_subnet_parse(&s, in, len, refused[i].family, 0, &why);

		if (err != refused[i].err)
			fail_msg("%s: %s (%s)", refused[i].in, ms_err_text(err), why.text);
		check_why(&why, refused[i].in, refused[i].why);
		assert_int_equal(s.bits, 99);
		free(in);
	}
}

static const struct {
	const char *in, *net;
	unsigned port;
	const char *why;
} with_port[] = {
	{ "10.0.1/24:25", "10.0.1.0/24", 25, NULL },
	{ "10.0.1/24:0x19", "10.0.1.0/24", 25, NULL },
	{ "10.0.1/24:031", "10.0.1.0/24", 25, NULL },
	{ "10.0.1/255.255.255.0:65535", "10.0.1.0/24", 65535, NULL },
	{ "10.0.1/24", "10.0.1.0/24", 0, NULL },
	{ "10.0.1/24:0", "10.0.1.0/24", 0, NULL },
	{ "::1/128:500", "::1/128", 500, NULL },
	{ "%default:25", "0.0.0.0/0", 25, NULL },
	{ "10.0.1/24:", NULL, 0, "port missing" },
	{ "10.0.1/24:65536", NULL, 0, "above 65535" },
	{ "10.0.1/24:0x", NULL, 0, "no digits" },
	{ "10.0.1/24:09", NULL, 0, "base 8" },
	{ "10.0.1/24:2 5", NULL, 0, "blank" },
	{ "10.0.1/24:25:25", NULL, 0, "':' in a number" },
	{ "10.0.1:25/24", NULL, 0, "bad character at position 7" },
	{ "", NULL, 0, "empty" },
};

static void parses_subnets_with_port(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(with_port); i++) {
		size_t len = strlen(with_port[i].in);
		char *in = exact(with_port[i].in, len), text[MS_SUBNET_TEXT];
		struct ms_subnet s;
		uint16_t port = 7;
		struct ms_why why = { "" };
		ms_err err = ms_subnet_port_parse(&s, &port, in, len, 0, 0, &why);

		if ((err == MS_OK) != (with_port[i].net != NULL))
			fail_msg("%s: %s", with_port[i].in, why.text);
		if (err == MS_OK) {
			ms_subnet_text(&s, text, sizeof text);
			assert_string_equal(text, with_port[i].net);
			assert_int_equal(port, with_port[i].port);
		} else {
			check_why(&why, with_port[i].in, with_port[i].why);
			assert_int_equal(port, 7);
		}
		free(in);
	}
}

static void masks(void **state)
{
	unsigned bits, n;
	struct ms_addr mask, hole;
	int family;

	(void)state;
	for (family = AF_INET; family != 0; family = family == AF_INET ? AF_INET6 : 0) {
		unsigned max = family == AF_INET ? 32 : 128;

		for (bits = 0; bits <= max; bits++) {
			mask = ms_mask_of_bits(family, bits);
			assert_int_equal(ms_mask_to_bits(&mask, &n), MS_OK);
			assert_int_equal(n, bits);
			/* a zero more than one bit before the end of the ones spoils it */
			if (bits < 2)
				continue;
			hole = mask;
			hole.b[(bits - 2) / 8] ^= (uint8_t)(0x80 >> (bits - 2) % 8);
			assert_int_equal(ms_mask_to_bits(&hole, &n), MS_ERR_RANGE);
		}
	}
}

static struct ms_subnet net(const char *text)
{
	struct ms_subnet s;

	assert_int_equal(ms_subnet_parse(&s, text, strlen(text), 0, 0, NULL), MS_OK);
	return s;
}

static void values(void **state)
{
	struct ms_subnet ten = net("10/8"), part = net("10.1.2/24"), all = net("0/0");
	struct ms_subnet six = net("2001:db8::/33"), host;
	struct ms_addr a = ms_addr_v4(0x0a010203), last, rest;
	char text[MS_SUBNET_TEXT];

	(void)state;
	assert_true(ms_subnet_has(&ten, &a) && ms_subnet_has(&part, &a) && ms_subnet_has(&all, &a));
	assert_false(ms_subnet_has(&six, &a));
	assert_true(ms_subnet_contains(&ten, &part) && ms_subnet_contains(&ten, &ten));
	assert_false(ms_subnet_contains(&part, &ten));
	assert_false(ms_subnet_contains(&all, &six));
	host = ms_subnet_host(&a);
	assert_true(ms_subnet_is_host(&host));
	assert_false(ms_subnet_is_host(&part));
	assert_true(ms_subnet_contains(&part, &host));
	last = ms_subnet_last(&part);
	ms_addr_text(&last, text, sizeof text);
	assert_string_equal(text, "10.1.2.255");
	last = ms_subnet_last(&six);
	ms_addr_text(&last, text, sizeof text);
	assert_string_equal(text, "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff");
	rest = ms_addr_host_part(&a, 12);
	ms_addr_text(&rest, text, sizeof text);
	assert_string_equal(text, "0.1.2.3");
	ms_subnet_mask_text(&part, text, sizeof text);
	assert_string_equal(text, "10.1.2.0/255.255.255.0");
	ms_subnet_mask_text(&six, text, sizeof text);
	assert_string_equal(text, "2001:db8::/33");
	host = ms_subnet_make(&a, 99);
	assert_int_equal(host.bits, 32);
	last = ms_subnet_mask(&ten);
	ms_addr_text(&last, text, sizeof text);
	assert_string_equal(text, "255.0.0.0");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_subnets),
		cmocka_unit_test(refuses_subnets),
		cmocka_unit_test(parses_subnets_with_port),
		cmocka_unit_test(masks),
		cmocka_unit_test(values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
