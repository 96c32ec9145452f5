/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/addr/addr_test.h"

static const struct {
	const char *in, *out, *why;
} texts[] = {
	{ "10.1.0.0/16", "10.1.0.0/16", NULL },
	{ "10.1.2.3", "10.1.2.3/32", NULL },
	{ "10.1/16/tcp/25", "10.1.0.0/16/tcp/25", NULL },
	{ "10.1.0.0/16/6/25", "10.1.0.0/16/tcp/25", NULL },
	{ "10.1.0.0/255.255.0.0/udp", "10.1.0.0/16/udp", NULL },
	{ "10.1.0.0/16/17/1024-65535", "10.1.0.0/16/udp/1024-65535", NULL },
	{ "10.1.0.0/16/tcp/0", "10.1.0.0/16/tcp", NULL },
	{ "10.1.0.0/16/tcp/0-0", "10.1.0.0/16/tcp/0-0", NULL },
	{ "10.1.0.0/16/tcp/0-65535", "10.1.0.0/16/tcp", NULL },
	{ "10.1.0.0/16/tcp/%opaque", "10.1.0.0/16/tcp/%opaque", NULL },
	{ "10.1.2.3/tcp/25", "10.1.2.3/32/tcp/25", NULL },
	{ "10.1.0.0/16/gre", "10.1.0.0/16/gre", NULL },
	{ "10.1.0.0/16/253", "10.1.0.0/16/253", NULL },
	{ "10.1.0.0/16/%any", "10.1.0.0/16", NULL },
	{ "10.1.0.0/16/0/0", "10.1.0.0/16", NULL },
	{ "10.1.0.0/16/icmp/0x800", "10.1.0.0/16/icmp/2048", NULL },
	{ "%default/tcp/80", "0.0.0.0/0/tcp/80", NULL },
	{ "10.1.0.5-10.1.0.9", "10.1.0.5-10.1.0.9", NULL },
	{ "10.1.0.5...10.1.0.9/tcp/25", "10.1.0.5-10.1.0.9/tcp/25", NULL },
	{ "10.1.0.5-10.1.0.9/17/500", "10.1.0.5-10.1.0.9/udp/500", NULL },
	{ "2001:db8::/32/udp/53", "2001:db8::/32/udp/53", NULL },
	{ "2001:db8::5", "2001:db8::5/128", NULL },
	{ "::/0/icmpv6", "::/0/icmpv6", NULL },
	{ "", NULL, "empty" },
	{ "10.1.0.0/16/", NULL, "empty" },
	{ "10.1.0.0/16/tcp/", NULL, "port missing" },
	{ "10.1.0.0/16/tcp/25/26", NULL, "'/' in a number" },
	{ "10.1.0.0/16/tpc/25", NULL, "unknown protocol" },
	{ "10.1.0.0/16/256", NULL, "above 255" },
	{ "10.1.0.0/16/tcp/%any", NULL, "a selector needs numbers" },
	{ "10.1.0.0/16/gre/25", NULL, "no ports" },
	{ "10.1.0.0/16/gre/%opaque", NULL, "no ports" },
	{ "10.1.0.0/16/%opaque", NULL, "unknown protocol" },
	{ "10.1.0.0/16/%any/25", NULL, "no ports" },
	{ "10.1.0.0/16/tcp/9-5", NULL, "end before they begin" },
	{ "10.1.0.9-10.1.0.5/tcp", NULL, "ends before it begins" },
	{ "10.1.0.0/33/tcp", NULL, "above 32" },
};

static void parses_and_prints(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(texts); i++) {
		size_t len = strlen(texts[i].in);
		char *in = exact(texts[i].in, len), text[MS_SELECTOR_TEXT];
		struct ms_selector s = { .protocol = 99 }, again;
		struct ms_why why = { "" };
		ms_err err = ms_selector_parse(&s, in, len, 0, 0, &why);

		if ((err == MS_OK) != (texts[i].out != NULL))
			fail_msg("%s: %s", texts[i].in, why.text);
		if (err == MS_OK) {
			assert_int_equal(
				ms_selector_text(&s, text, sizeof text), strlen(texts[i].out));
			assert_string_equal(text, texts[i].out);
			assert_int_equal(
				ms_selector_parse(&again, text, strlen(text), 0, 0, NULL), MS_OK);
			assert_true(ms_selector_eq(&s, &again));
		} else {
			check_why(&why, texts[i].in, texts[i].why);
			assert_int_equal(s.protocol, 99);
		}
		free(in);
	}
}

static const struct {
	const char *a, *b, *both; /* NULL: nothing in common */
	bool a_has_b;
} pairs[] = {
	{ "10/8", "10.1/16", "10.1.0.0/16", true },
	{ "10.1/16", "10/8", "10.1.0.0/16", false },
	{ "10/8", "10.1/16/tcp/25", "10.1.0.0/16/tcp/25", true },
	{ "10/8/tcp", "10.1/16", "10.1.0.0/16/tcp", false },
	{ "10/8/tcp", "10.1/16/udp", NULL, false },
	{ "10/8/tcp/1-100", "10/8/tcp/50-200", "10.0.0.0/8/tcp/50-100", false },
	{ "10/8/tcp/1-100", "10/8/tcp/25", "10.0.0.0/8/tcp/25", true },
	{ "10/8/tcp/1-100", "10/8/tcp/101", NULL, false },
	{ "10/8/tcp", "10/8/tcp/%opaque", "10.0.0.0/8/tcp/%opaque", true },
	{ "10/8", "10/8/tcp/%opaque", "10.0.0.0/8/tcp/%opaque", true },
	{ "10/8/tcp/%opaque", "10/8/tcp/%opaque", "10.0.0.0/8/tcp/%opaque", true },
	{ "10/8/tcp/%opaque", "10/8/tcp", "10.0.0.0/8/tcp/%opaque", false },
	{ "10/8/tcp/%opaque", "10/8/tcp/25", NULL, false },
	{ "10/8/tcp/1-65535", "10/8/tcp/%opaque", NULL, false },
	{ "10/8", "192.168/16", NULL, false },
	{ "0/0", "::/0", NULL, false },
	{ "10.0.0.0-10.0.0.9", "10.0.0.5-10.0.0.20/udp", "10.0.0.5-10.0.0.9/udp", false },
};

static struct ms_selector sel(const char *text)
{
	struct ms_selector s;
	struct ms_why why = { "" };

	if (ms_selector_parse(&s, text, strlen(text), 0, 0, &why) != MS_OK)
		fail_msg("%s", why.text);
	return s;
}

static void algebra(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(pairs); i++) {
		struct ms_selector a = sel(pairs[i].a), b = sel(pairs[i].b), out, mirror;
		char text[MS_SELECTOR_TEXT];
		bool common = ms_selector_intersect(&a, &b, &out);

		if (common != (pairs[i].both != NULL))
			fail_msg("%s with %s", pairs[i].a, pairs[i].b);
		assert_int_equal(ms_selector_intersect(&b, &a, &mirror), common);
		assert_int_equal(ms_selector_contains(&a, &b), pairs[i].a_has_b);
		if (!common)
			continue;
		ms_selector_text(&out, text, sizeof text);
		assert_string_equal(text, pairs[i].both);
		assert_true(ms_selector_eq(&out, &mirror));
		assert_true(ms_selector_contains(&a, &out) && ms_selector_contains(&b, &out));
		assert_true(ms_selector_intersect(&a, &b, &b));
		assert_true(ms_selector_eq(&b, &out));
	}
}

static void of_subnet_is_everything_in_it(void **state)
{
	struct ms_subnet net;
	struct ms_selector s, want = sel("10.1.0.0-10.1.255.255");

	(void)state;
	assert_int_equal(ms_subnet_parse(&net, "10.1/16", 7, 0, 0, NULL), MS_OK);
	s = ms_selector_of_subnet(&net);
	assert_true(ms_selector_eq(&s, &want));
	want.port_first = 1;
	assert_false(ms_selector_eq(&s, &want));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_and_prints),
		cmocka_unit_test(algebra),
		cmocka_unit_test(of_subnet_is_everything_in_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
