/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/addr/addr_test.h"

#include <unistd.h>

static const struct {
	const char *in;
	unsigned base;
	uint64_t max, value;
	ms_err err;
	const char *why;
} numbers[] = {
	{ "0", 0, 9, 0, MS_OK, NULL },
	{ "10", 0, 99, 10, MS_OK, NULL },
	{ "010", 0, 99, 8, MS_OK, NULL },
	{ "0x10", 0, 99, 16, MS_OK, NULL },
	{ "0XfF", 0, 255, 255, MS_OK, NULL },
	{ "010", 10, 99, 10, MS_OK, NULL },
	{ "ff", 16, 255, 255, MS_OK, NULL },
	{ "77", 8, 63, 63, MS_OK, NULL },
	{ "18446744073709551615", 0, UINT64_MAX, UINT64_MAX, MS_OK, NULL },
	{ "0xffffffffffffffff", 0, UINT64_MAX, UINT64_MAX, MS_OK, NULL },
	{ "0", 0, 0, 0, MS_OK, NULL },
	{ "", 0, 9, 0, MS_ERR_TEXT, "empty where a number was expected" },
	{ "0x", 0, 9, 0, MS_ERR_TEXT, "no digits" },
	{ "08", 0, 99, 0, MS_ERR_TEXT, "'8' in a number of base 8" },
	{ "1a", 10, 99, 0, MS_ERR_TEXT, "'a' in a number of base 10" },
	{ "0x1", 16, 99, 0, MS_ERR_TEXT, "'x' in a number of base 16" },
	{ "-1", 0, 99, 0, MS_ERR_TEXT, "'-' in a number" },
	{ "+1", 0, 99, 0, MS_ERR_TEXT, "'+' in a number" },
	{ " 1", 0, 99, 0, MS_ERR_TEXT, "blank" },
	{ "1\n", 0, 99, 0, MS_ERR_TEXT, "control character" },
	{ "100", 0, 99, 0, MS_ERR_RANGE, "\"100\": number above 99" },
	{ "5", 0, 4, 0, MS_ERR_RANGE, "above 4" },
	{ "1", 0, 0, 0, MS_ERR_RANGE, "above 0" },
	{ "18446744073709551616", 0, UINT64_MAX, 0, MS_ERR_RANGE, "above 18446744073709551615" },
	{ "0x10000000000000000", 0, UINT64_MAX, 0, MS_ERR_RANGE, "above" },
	{ "1", 7, 9, 0, MS_ERR_BUG, "base 7" },
};

static void reads_numbers(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(numbers); i++) {
		size_t len = strlen(numbers[i].in);
		char *in = exact(numbers[i].in, len);
		uint64_t n = 77;
		struct ms_why why = { "" };
		ms_err err = ms_number_parse(&n, in, len, numbers[i].base, numbers[i].max, &why);

		if (err != numbers[i].err)
			fail_msg("%s: %s (%s)", numbers[i].in, ms_err_text(err), why.text);
		assert_true(n == (err == MS_OK ? numbers[i].value : 77));
		if (err != MS_OK)
			check_why(&why, numbers[i].in, numbers[i].why);
		free(in);
	}
}

static void prints_numbers(void **state)
{
	static const struct {
		uint64_t n;
		int format;
		const char *out;
	} rows[] = {
		{ 8, 'o', "010" },
		{ 0, 'o', "0" },
		{ 8, 8, "10" },
		{ 8, 'd', "8" },
		{ 8, 10, "8" },
		{ 255, 'x', "0xff" },
		{ 255, 16, "ff" },
		{ 0, 'x', "0x0" },
		{ UINT64_MAX, 10, "18446744073709551615" },
		{ UINT64_MAX, 'o', "01777777777777777777777" },
	};
	char text[32];
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(rows); i++) {
		assert_int_equal(ms_number_text(rows[i].n, rows[i].format, text, sizeof text),
			strlen(rows[i].out));
		assert_string_equal(text, rows[i].out);
	}
}

static void protocol_names(void **state)
{
	static const struct {
		const char *in;
		int number; /* -1: refused */
	} rows[] = {
		{ "tcp", 6 },
		{ "udp", 17 },
		{ "icmp", 1 },
		{ "icmpv6", 58 },
		{ "ipv6-icmp", 58 },
		{ "esp", 50 },
		{ "gre", 47 },
		{ "sctp", 132 },
		{ "%any", 0 },
		{ "any", 0 },
		{ "0", 0 },
		{ "17", 17 },
		{ "0x11", 17 },
		{ "255", 255 },
		{ "256", -1 },
		{ "TCP", -1 },
		{ "tcpp", -1 },
		{ "", -1 },
		{ "6 ", -1 },
		{ "-1", -1 },
		{ "6x", -1 },
	};
	struct ms_why why;
	uint8_t p;
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(rows); i++) {
		ms_err err = ms_protocol_parse(&p, rows[i].in, strlen(rows[i].in), 0, &why);

		if ((err == MS_OK) != (rows[i].number >= 0))
			fail_msg("%s: %s", rows[i].in, why.text);
		if (err == MS_OK)
			assert_int_equal(p, rows[i].number);
	}
	assert_string_equal(ms_protocol_name(58), "icmpv6");
	assert_null(ms_protocol_name(0));
	assert_null(ms_protocol_name(253));
	for (i = 0; i < 256; i++) {
		const char *name = ms_protocol_name((uint8_t)i);

		if (name == NULL)
			continue;
		assert_int_equal(ms_protocol_parse(&p, name, strlen(name), 0, NULL), MS_OK);
		assert_int_equal(p, i);
	}
}

static const struct {
	const char *in, *out, *why;
} protoports[] = {
	{ "17/1701", "17/1701", NULL },
	{ "udp/1701", "17/1701", NULL },
	{ "tcp/25", "6/25", NULL },
	{ "6/0x19", "6/25", NULL },
	{ "17/%any", "17/%any", NULL },
	{ "17/0", "17/0", NULL },
	{ "17", "17/0", NULL },
	{ "tcp", "6/0", NULL },
	{ "udp/1024-65535", "17/1024-65535", NULL },
	{ "udp/0-0", "17/0-0", NULL },
	{ "udp/5-5", "17/5", NULL },
	{ "47/0", "47/0", NULL },
	{ "0/0", "0/0", NULL },
	{ "%any", "0/0", NULL },
	{ "0/%any", "0/0", NULL },
	{ "icmp/2048", "1/2048", NULL },
	{ "", NULL, "empty where PROTOCOL" },
	{ "/25", NULL, "empty where a protocol" },
	{ "tcp/", NULL, "port missing" },
	{ "tcp/65536", NULL, "port \"65536\": number above 65535" },
	{ "tcp/-1", NULL, "unknown port" },
	{ "tcp/25-", NULL, "empty where a port" },
	{ "tcp/25-20", NULL, "end before they begin" },
	{ "tcp/25/26", NULL, "'/' in a number" },
	{ "tcp/smtp", NULL, "unknown port" },
	{ "300/25", NULL, "protocol \"300\": number above 255" },
	{ "gre/25", NULL, "protocol 47 has no ports" },
	{ "gre/%any", NULL, "no ports" },
	{ "0/25", NULL, "protocol 0 has no ports" },
	{ "tcp /25", NULL, "blank" },
};

static void protoport_texts(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ROWS(protoports); i++) {
		size_t len = strlen(protoports[i].in);
		char *in = exact(protoports[i].in, len), text[MS_PROTOPORT_TEXT];
		struct ms_protoport p, again;
		struct ms_why why = { "" };
		ms_err err = ms_protoport_parse(&p, in, len, 0, &why);

		if ((err == MS_OK) != (protoports[i].out != NULL))
			fail_msg("%s: %s", protoports[i].in, why.text);
		if (err == MS_OK) {
			assert_int_equal(ms_protoport_text(&p, text, sizeof text),
				strlen(protoports[i].out));
			assert_string_equal(text, protoports[i].out);
			assert_int_equal(
				ms_protoport_parse(&again, text, strlen(text), 0, NULL), MS_OK);
			assert_true(ms_protoport_eq(&p, &again));
		} else {
			check_why(&why, protoports[i].in, protoports[i].why);
		}
		free(in);
	}
}

/* The machine's own data bases; a machine without them has nothing to say here. */
static void service_names(void **state)
{
	struct ms_protoport p;
	struct ms_why why;

	(void)state;
	assert_int_equal(ms_protoport_parse(&p, "tcp/nosuchthing", 15, MS_TEXT_SERVICES, &why),
		MS_ERR_UNKNOWN);
	check_why(&why, "tcp/nosuchthing", "a service of this protocol or a number");
	if (access("/etc/services", R_OK) != 0)
		skip();
	assert_int_equal(ms_protoport_parse(&p, "tcp/smtp", 8, MS_TEXT_SERVICES, &why), MS_OK);
	assert_int_equal(p.port_first, 25);
	assert_int_equal(p.port_last, 25);
	assert_int_equal(
		ms_protoport_parse(&p, "udp/netbios-ns", 14, MS_TEXT_SERVICES, &why), MS_OK);
	assert_int_equal(p.port_first, 137);
	assert_int_equal(ms_protoport_parse(&p, "tcp/netbios-ns", 14, 0, &why), MS_ERR_UNKNOWN);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_numbers),
		cmocka_unit_test(prints_numbers),
		cmocka_unit_test(protocol_names),
		cmocka_unit_test(protoport_texts),
		cmocka_unit_test(service_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
