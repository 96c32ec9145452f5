/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/addr/addr_test.h"

static const struct {
	const char *in, *plain, *full, *kernel;
} accepted[] = {
	{ "esp257@10.7.7.7", "esp.101@10.7.7.7", "esp.00000101@10.7.7.7", "esp0x101@10.7.7.7" },
	{ "esp.101@10.7.7.7", "esp.101@10.7.7.7", "esp.00000101@10.7.7.7", "esp0x101@10.7.7.7" },
	{ "esp0x101@10.7.7.7", "esp.101@10.7.7.7", "esp.00000101@10.7.7.7", "esp0x101@10.7.7.7" },
	{ "esp0401@10.7.7.7", "esp.101@10.7.7.7", "esp.00000101@10.7.7.7", "esp0x101@10.7.7.7" },
	{ "ah0x20@1.2.3.4", "ah.20@1.2.3.4", "ah.00000020@1.2.3.4", "ah0x20@1.2.3.4" },
	{ "tun20@1.2.3.4", "tun.14@1.2.3.4", "tun.00000014@1.2.3.4", "tun0x14@1.2.3.4" },
	{ "comp20@1.2.3.4", "comp.14@1.2.3.4", "comp.00000014@1.2.3.4", "comp0x14@1.2.3.4" },
	{ "esp9@1.2.3.4", "esp.9@1.2.3.4", "esp.00000009@1.2.3.4", "esp0x9@1.2.3.4" },
	{ "esp.ffffffff@1.2.3.4", "esp.ffffffff@1.2.3.4", "esp.ffffffff@1.2.3.4",
		"esp0xffffffff@1.2.3.4" },
	{ "esp.9C01F20F@209.132.183.55", "esp.9c01f20f@209.132.183.55",
		"esp.9c01f20f@209.132.183.55", "esp0x9c01f20f@209.132.183.55" },
	{ "tun.0@192.168.10.124", "tun.0@192.168.10.124", "tun.00000000@192.168.10.124",
		"tun0x0@192.168.10.124" },
	{ "tun0x130@192.168.43.1", "tun.130@192.168.43.1", "tun.00000130@192.168.43.1",
		"tun0x130@192.168.43.1" },
	{ "tun78@1:2::3", "tun:4e@1:2::3", "tun:0000004e@1:2::3", "tun:4e@1:2::3" },
	{ "tun:130@3058:4::5", "tun:130@3058:4::5", "tun:00000130@3058:4::5", "tun:130@3058:4::5" },
	{ "ah:f5ed@3049:1::120", "ah:f5ed@3049:1::120", "ah:0000f5ed@3049:1::120",
		"ah:f5ed@3049:1::120" },
	{ "esp0xe6de@::1", "esp:e6de@::1", "esp:0000e6de@::1", "esp:e6de@::1" },
	{ "esp.101@0x0a070707", "esp.101@10.7.7.7", "esp.00000101@10.7.7.7", "esp0x101@10.7.7.7" },
	{ "int262@0.0.0.0", "int.106@0.0.0.0", "int.00000106@0.0.0.0", "int0x106@0.0.0.0" },
	{ "int256@0.0.0.0", "%pass", "%pass", "%pass" },
	{ "int257@0.0.0.0", "%drop", "%drop", "%drop" },
	{ "int258@0.0.0.0", "%reject", "%reject", "%reject" },
	{ "int259@0.0.0.0", "%hold", "%hold", "%hold" },
	{ "int260@0.0.0.0", "%trap", "%trap", "%trap" },
	{ "int261@0.0.0.0", "%trapsubnet", "%trapsubnet", "%trapsubnet" },
	{ "int256@::", "%pass", "%pass", "%pass" },
	{ "int:104@::", "%trap", "%trap", "%trap" },
	{ "int256@10.7.7.7", "int.100@10.7.7.7", "int.00000100@10.7.7.7", "int0x100@10.7.7.7" },
	{ "%pass", "%pass", "%pass", "%pass" },
	{ "%drop", "%drop", "%drop", "%drop" },
	{ "%reject", "%reject", "%reject", "%reject" },
	{ "%hold", "%hold", "%hold", "%hold" },
	{ "%trap", "%trap", "%trap", "%trap" },
	{ "%trapsubnet", "%trapsubnet", "%trapsubnet", "%trapsubnet" },
	{ "%passthrough", "%passthrough4", "%passthrough4", "%passthrough4" },
	{ "%passthrough4", "%passthrough4", "%passthrough4", "%passthrough4" },
	{ "%passthrough6", "%passthrough6", "%passthrough6", "%passthrough6" },
	{ "tun0@0.0.0.0", "%passthrough4", "%passthrough4", "%passthrough4" },
	{ "tun:0@::", "%passthrough6", "%passthrough6", "%passthrough6" },
	{ "esp0@0.0.0.0", "esp.0@0.0.0.0", "esp.00000000@0.0.0.0", "esp0x0@0.0.0.0" },
};

static void parses_and_prints(void **state)
{
	static const int formats[] = { 0, 'f', 'x' };
	size_t i, f;

	(void)state;
	for (i = 0; i < ROWS(accepted); i++) {
		const char *const out[] = { accepted[i].plain, accepted[i].full,
			accepted[i].kernel };
		size_t len = strlen(accepted[i].in);
		char *in = exact(accepted[i].in, len), text[MS_SAID_TEXT];
		struct ms_said s, again;
		struct ms_why why = { "" };

		if (ms_said_parse(&s, in, len, 0, &why) != MS_OK)
			fail_msg("%s refused: %s", accepted[i].in, why.text);
		for (f = 0; f < ROWS(formats); f++) {
			assert_int_equal(
				ms_said_text(&s, formats[f], text, sizeof text), strlen(out[f]));
			assert_string_equal(text, out[f]);
			assert_int_equal(ms_said_parse(&again, text, strlen(text), 0, NULL), MS_OK);
			assert_true(ms_said_eq(&s, &again));
		}
		free(in);
	}
}

static const struct {
	const char *in;
	ms_err err;
	const char *why;
} refused[] = {
	{ "", MS_ERR_TEXT, "empty where an SA" },
	{ "esp257", MS_ERR_TEXT, "no '@'" },
	{ "@1.2.3.4", MS_ERR_UNKNOWN, "unknown protocol" },
	{ "foo257@1.2.3.4", MS_ERR_UNKNOWN, "ah, esp, tun, comp or int was expected" },
	{ "ESP257@1.2.3.4", MS_ERR_UNKNOWN, "unknown protocol" },
	{ "257@1.2.3.4", MS_ERR_UNKNOWN, "unknown protocol" },
	{ "esp@1.2.3.4", MS_ERR_TEXT, "SPI missing" },
	{ "esp.@1.2.3.4", MS_ERR_TEXT, "SPI missing" },
	{ "esp:@::1", MS_ERR_TEXT, "SPI missing" },
	{ "espx@1.2.3.4", MS_ERR_TEXT, "SPI must be a number" },
	{ "esp25q7@1.2.3.4", MS_ERR_TEXT, "SPI must be a number" },
	{ "esp089@1.2.3.4", MS_ERR_TEXT, "SPI must be a number" },
	{ "esp0x@1.2.3.4", MS_ERR_TEXT, "SPI must be a number" },
	{ "esp.0x101@1.2.3.4", MS_ERR_TEXT, "hexadecimal number without 0x" },
	{ "esp.10g@1.2.3.4", MS_ERR_TEXT, "hexadecimal number" },
	{ "esp-5@1.2.3.4", MS_ERR_TEXT, "SPI must be" },
	{ "esp.100000000@1.2.3.4", MS_ERR_RANGE, "up to 32 bits" },
	{ "esp4294967296@1.2.3.4", MS_ERR_RANGE, "up to 32 bits" },
	{ "esp257@", MS_ERR_TEXT, "destination address missing" },
	{ "esp257@1.2.3", MS_ERR_TEXT, "3 parts" },
	{ "esp257@1.2.3.456", MS_ERR_RANGE, "part 4" },
	{ "esp.101@::1", MS_ERR_TEXT, "IPv4 address was expected" },
	{ "esp:101@1.2.3.4", MS_ERR_TEXT, "IPv6 address was expected" },
	{ "esp257@gw2", MS_ERR_TEXT, "name lookup not allowed" },
	{ "esp257@1.2.3.4@5", MS_ERR_TEXT, "does not look numeric" },
	{ "esp257 @1.2.3.4", MS_ERR_TEXT, "blank" },
	{ "esp257@1.2.3.4\t", MS_ERR_TEXT, "control character" },
	{ "%", MS_ERR_UNKNOWN, "%trapsubnet" },
	{ "%foo", MS_ERR_UNKNOWN, "%pass" },
	{ "%passs", MS_ERR_UNKNOWN, "%pass" },
	{ "%pas", MS_ERR_UNKNOWN, "%pass" },
};

static void refuses_and_says_why(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(refused); i++) {
		size_t len = strlen(refused[i].in);
		char *in = exact(refused[i].in, len);
		struct ms_said s = { .spi = 77 };
		struct ms_why why = { "" };
		ms_err err = ms_said_parse(&s, in, len, 0, &why);

		if (err != refused[i].err)
			fail_msg("%s: %s (%s)", refused[i].in, ms_err_text(err), why.text);
		check_why(&why, refused[i].in, refused[i].why);
		assert_int_equal(s.spi, 77);
		free(in);
	}
}

static void names_when_allowed(void **state)
{
	struct ms_said s;

	(void)state;
	assert_int_equal(ms_said_parse(&s, "tun.113@localhost", 17, MS_TEXT_DNS, NULL), MS_OK);
	assert_int_equal(s.spi, 0x113);
	assert_int_equal(s.dst.family, AF_INET);
	assert_true(ms_addr_is_loopback(&s.dst));
}

static void what_has_no_name(void **state)
{
	struct ms_said s = { .dst = ms_addr_v4(0x01020304), .spi = 0x101, .protocol = 77 };
	char text[MS_SAID_TEXT];

	(void)state;
	ms_said_text(&s, 0, text, sizeof text);
	assert_string_equal(text, "unk77.101@1.2.3.4");
	s.protocol = MS_PROTO_ESP;
	s.dst.family = 0;
	ms_said_text(&s, 0, text, sizeof text);
	assert_string_equal(text, "esp.101@%unset");
}

static void equality(void **state)
{
	struct ms_said a = { .dst = ms_addr_v4(1), .spi = 256, .protocol = MS_PROTO_ESP }, b = a;

	(void)state;
	assert_true(ms_said_eq(&a, &b));
	b.spi++;
	assert_false(ms_said_eq(&a, &b));
	b = a;
	b.protocol = MS_PROTO_AH;
	assert_false(ms_said_eq(&a, &b));
	b = a;
	b.dst = ms_addr_v4(2);
	assert_false(ms_said_eq(&a, &b));
	/* destinations matter, but not which of the unspecified ones a shunt has */
	a.dst = ms_addr_any(AF_INET);
	b.dst = ms_addr_any(AF_INET6);
	assert_false(ms_said_eq(&a, &b));
	a.protocol = b.protocol = MS_PROTO_INT;
	assert_true(ms_said_eq(&a, &b));
	b.dst.b[0] = 1;
	assert_false(ms_said_eq(&a, &b));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_and_prints),
		cmocka_unit_test(refuses_and_says_why),
		cmocka_unit_test(names_when_allowed),
		cmocka_unit_test(what_has_no_name),
		cmocka_unit_test(equality),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
