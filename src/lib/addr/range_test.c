/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/addr/addr_test.h"

static const struct {
	const char *in;
	unsigned flags;
	enum ms_asr_kind kind;
	unsigned bits;
	const char *range; /* NULL: refused */
	const char *why;
} asrs[] = {
	{ "1.2.3.4", 0, MS_ASR_ADDR, 32, "1.2.3.4-1.2.3.4", NULL },
	{ "::1", 0, MS_ASR_ADDR, 128, "::1-::1", NULL },
	{ "1.2.3.4/24", 0, MS_ASR_SUBNET, 24, "1.2.3.0-1.2.3.255", NULL },
	{ "1.2.3.4/255.255.0.0", 0, MS_ASR_SUBNET, 16, "1.2.0.0-1.2.255.255", NULL },
	{ "1.2.3.4/32", 0, MS_ASR_SUBNET, 32, "1.2.3.4-1.2.3.4", NULL },
	{ "10/8", 0, MS_ASR_SUBNET, 8, "10.0.0.0-10.255.255.255", NULL },
	{ "%default", 0, MS_ASR_SUBNET, 0, "0.0.0.0-255.255.255.255", NULL },
	{ "1.2.3.0...1.2.3.9", 0, MS_ASR_RANGE, 0, "1.2.3.0-1.2.3.9", NULL },
	{ "1.2.3.0-1.2.3.9", 0, MS_ASR_RANGE, 0, "1.2.3.0-1.2.3.9", NULL },
	{ "1.2.3.0...1.2.3.255", 0, MS_ASR_RANGE, 0, "1.2.3.0-1.2.3.255", NULL },
	{ "1.2.3.4...1.2.3.4", 0, MS_ASR_RANGE, 0, "1.2.3.4-1.2.3.4", NULL },
	{ "0x01020300...0x01020304", 0, MS_ASR_RANGE, 0, "1.2.3.0-1.2.3.4", NULL },
	{ "::1...::ffff", 0, MS_ASR_RANGE, 0, "::1-::ffff", NULL },
	{ "2001:db8::-2001:db8::5", 0, MS_ASR_RANGE, 0, "2001:db8::-2001:db8::5", NULL },
	{ "localhost", MS_TEXT_DNS, MS_ASR_ADDR, 32, "127.0.0.1-127.0.0.1", NULL },
	{ "127.0.0.0...localhost", MS_TEXT_DNS, MS_ASR_RANGE, 0, "127.0.0.0-127.0.0.1", NULL },
	{ "", 0, 0, 0, NULL, "empty where an address, a subnet or a range" },
	{ "1.2.3.9...1.2.3.0", 0, 0, 0, NULL, "ends before it begins" },
	{ "1.2.3.9-1.2.3.0", 0, 0, 0, NULL, "ends before it begins" },
	{ "1.2.3.0...", 0, 0, 0, NULL, "last address of the range is missing" },
	{ "...1.2.3.0", 0, 0, 0, NULL, "first address of the range is missing" },
	{ "...", 0, 0, 0, NULL, "missing" },
	{ "-1.2.3.4", 0, 0, 0, NULL, "first address of the range is missing" },
	{ "1.2.3.4-", 0, 0, 0, NULL, "last address of the range is missing" },
	{ "1.2.3...1.2.4", 0, 0, 0, NULL, "3 parts" },
	{ "1.2.3.4..1.2.3.5", 0, 0, 0, NULL, "more than four parts" },
	{ "1.2.3.4....1.2.3.5", 0, 0, 0, NULL, "part 1" },
	{ "1.2.3.4...1.2.3.5...1.2.3.6", 0, 0, 0, NULL, "part" },
	{ "1.2.3.0/24...1.2.4.0/24", 0, 0, 0, NULL, "does not look numeric" },
	{ "1.2.3.4...::5", 0, 0, 0, NULL, "IPv4 address was expected" },
	{ "gw-east", 0, 0, 0, NULL, "name lookup not allowed" },
	{ "1.2.3", 0, 0, 0, NULL, "3 parts" },
	{ "1.2.3.4 ...1.2.3.5", 0, 0, 0, NULL, "blank" },
};

static void address_subnet_or_range(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(asrs); i++) {
		size_t len = strlen(asrs[i].in);
		char *in = exact(asrs[i].in, len), text[MS_RANGE_TEXT];
		bool v6 = asrs[i].range != NULL && strchr(asrs[i].range, ':') != NULL;
		struct ms_asr asr;
		struct ms_why why = { "" };
		ms_err err =
			ms_asr_parse(&asr, in, len, v6 ? AF_INET6 : AF_INET, asrs[i].flags, &why);

		if ((err == MS_OK) != (asrs[i].range != NULL))
			fail_msg("%s: %s", asrs[i].in, why.text);
		if (err == MS_OK) {
			assert_int_equal(asr.kind, asrs[i].kind);
			assert_int_equal(asr.bits, asrs[i].bits);
			ms_range_text(&asr.range, text, sizeof text);
			assert_string_equal(text, asrs[i].range);
		} else {
			check_why(&why, asrs[i].in, asrs[i].why);
		}
		free(in);
	}
}

static void one_family(void **state)
{
	struct ms_range r;
	struct ms_why why;

	(void)state;
	assert_int_equal(ms_range_parse(&r, "1.2.3.4-::5", 11, 0, &why), MS_ERR_TEXT);
	check_why(&why, "1.2.3.4-::5", "both ends of a range");
	assert_int_equal(ms_range_parse(&r, "::5", 3, AF_INET, &why), MS_ERR_TEXT);
	assert_int_equal(ms_range_parse(&r, "localhost", 9, 0, &why), MS_ERR_TEXT);
}

static struct ms_range range(const char *text)
{
	struct ms_range r;

	assert_int_equal(ms_range_parse(&r, text, strlen(text), 0, NULL), MS_OK);
	return r;
}

static const struct {
	const char *range, *subnet;
} blocks[] = {
	{ "1.2.3.0-1.2.3.255", "1.2.3.0/24" },
	{ "1.2.3.240-1.2.3.255", "1.2.3.240/28" },
	{ "1.2.3.4-1.2.3.4", "1.2.3.4/32" },
	{ "1.2.3.4-1.2.3.5", "1.2.3.4/31" },
	{ "0.0.0.0-255.255.255.255", "0.0.0.0/0" },
	{ "128.0.0.0-255.255.255.255", "128.0.0.0/1" },
	{ "2001:db8::-2001:db8:7fff:ffff:ffff:ffff:ffff:ffff", "2001:db8::/33" },
	{ "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0" },
	{ "1.2.3.0-1.2.3.254", NULL },
	{ "1.2.3.1-1.2.3.255", NULL },
	{ "1.2.3.5-1.2.3.6", NULL },
	{ "1.2.3.0-1.2.5.255", NULL },
	{ "1.2.3.0-1.2.4.255", NULL }, /* the size is right, the place is not */
	{ "::1-::2", NULL },
};

static void ranges_that_are_subnets(void **state)
{
	struct ms_range reversed = { ms_addr_v4(0x010203ff), ms_addr_v4(0x01020300) };
	struct ms_range unset = { .first.family = 0 };
	struct ms_subnet net;
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(blocks); i++) {
		struct ms_range r = range(blocks[i].range), back;
		struct ms_subnet s;
		char text[MS_SUBNET_TEXT];
		ms_err err = ms_range_to_subnet(&r, &s);

		if (err != (blocks[i].subnet != NULL ? MS_OK : MS_ERR_RANGE))
			fail_msg("%s: %s", blocks[i].range, ms_err_text(err));
		if (err != MS_OK)
			continue;
		ms_subnet_text(&s, text, sizeof text);
		assert_string_equal(text, blocks[i].subnet);
		back = ms_range_of_subnet(&s);
		assert_true(ms_range_eq(&r, &back));
	}
	/* what cannot be parsed can be built */
	assert_int_equal(ms_range_to_subnet(&reversed, &net), MS_ERR_RANGE);
	assert_int_equal(ms_range_to_subnet(&unset, &net), MS_ERR_RANGE);
}

static const struct {
	const char *a, *b, *both;
} cuts[] = {
	{ "10.0.0.0-10.0.0.9", "10.0.0.5-10.0.0.20", "10.0.0.5-10.0.0.9" },
	{ "10.0.0.0-10.0.0.9", "10.0.0.2-10.0.0.3", "10.0.0.2-10.0.0.3" },
	{ "10.0.0.0-10.0.0.9", "10.0.0.9-10.0.0.20", "10.0.0.9-10.0.0.9" },
	{ "10.0.0.0-10.0.0.9", "10.0.0.10-10.0.0.20", NULL },
	{ "0.0.0.0-255.255.255.255", "10.0.0.1", "10.0.0.1-10.0.0.1" },
	{ "0.0.0.0-255.255.255.255", "::/0", NULL },
	{ "::/0", "2001:db8::/32", "2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff" },
};

static void intersections(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(cuts); i++) {
		struct ms_range a = range(cuts[i].a), b = range(cuts[i].b), out, mirror;
		char text[MS_RANGE_TEXT];
		bool common = ms_range_intersect(&a, &b, &out);

		assert_int_equal(common, cuts[i].both != NULL);
		assert_int_equal(ms_range_intersect(&b, &a, &mirror), common);
		if (!common)
			continue;
		ms_range_text(&out, text, sizeof text);
		assert_string_equal(text, cuts[i].both);
		assert_true(ms_range_eq(&out, &mirror));
		assert_true(ms_range_contains(&a, &out) && ms_range_contains(&b, &out));
		assert_true(ms_range_intersect(&a, &b, &a)); /* into an argument */
		assert_true(ms_range_eq(&a, &out));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(address_subnet_or_range),
		cmocka_unit_test(one_family),
		cmocka_unit_test(ranges_that_are_subnets),
		cmocka_unit_test(intersections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
