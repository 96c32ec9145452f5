/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <modswan/id.h>

#include <string.h>

static const struct {
	const char *in;
	uint8_t type;
	uint16_t len;
	const char *out; /* NULL: as in */
} good[] = {
	{ "192.0.2.7", MS_ID_IPV4_ADDR, 4, NULL },
	{ "2001:DB8::7", MS_ID_IPV6_ADDR, 16, "2001:db8::7" },
	{ "@west.example.org", MS_ID_FQDN, 16, NULL },
	{ "@West", MS_ID_FQDN, 4, NULL },
	{ "paul@example.org", MS_ID_RFC822_ADDR, 16, NULL },
	{ "@paul@example.org", MS_ID_RFC822_ADDR, 16, "paul@example.org" },
	{ "@@paul", MS_ID_RFC822_ADDR, 4, NULL },
	{ "@@a=b@example.org", MS_ID_RFC822_ADDR, 15, NULL },
	{ "@#0a0bff", MS_ID_KEY_ID, 3, NULL },
	{ "@#0x0A0BFF", MS_ID_KEY_ID, 3, "@#0a0bff" },
	{ "@[gw7]", MS_ID_KEY_ID, 3, "@#677737" },
	{ "%any", MS_ID_ANY, 0, NULL },
	{ "%any6", MS_ID_ANY, 0, "%any" },
	{ "%none", MS_ID_ANY, 0, "%any" },
	{ "%null", MS_ID_NULL, 0, NULL },
	{ "C=CH, O=x, CN=y", MS_ID_DER_ASN1_DN, 39, NULL },
	{ "/C=CH/O=x/CN=y", MS_ID_DER_ASN1_DN, 39, "C=CH, O=x, CN=y" },
	{ "c=CH,o=x,cn=y", MS_ID_DER_ASN1_DN, 39, "C=CH, O=x, CN=y" },
	{ "CN=A+B", MS_ID_DER_ASN1_DN, 16, "CN=A\\+B" },
	{ "CN=a+OU=b", MS_ID_DER_ASN1_DN, 24, NULL },
	{ "OU=b+CN=a", MS_ID_DER_ASN1_DN, 24, "CN=a+OU=b" },
	{ "O=a\\, b \\\"c\\\"", MS_ID_DER_ASN1_DN, 21, "O=a\\, b \\22c\\22" },
	{ "O=\\C3\\A4", MS_ID_DER_ASN1_DN, 15, NULL },
	{ "E=x@y.example", MS_ID_DER_ASN1_DN, 0, NULL },
	{ "1.2.840.113549.1.9.1=x", MS_ID_DER_ASN1_DN, 0, "E=x" },
	{ "2.5.4.99=x", MS_ID_DER_ASN1_DN, 0, NULL },
	{ "2.999.3=x", MS_ID_DER_ASN1_DN, 0, NULL },
	{ "CN=#02020101", MS_ID_DER_ASN1_DN, 0, NULL },
	{ "CN=#130161", MS_ID_DER_ASN1_DN, 0, "CN=a" },
	{ "DC=org, DC=example, CN=a/b", MS_ID_DER_ASN1_DN, 0, "DC=org, DC=example, CN=a\\/b" },
};

static const char *const bad[] = { "", "@", "@#", "@#0", "@#0g", "@~", "@@", "west.example.org",
	"192.0.2.256", "%nobody", "@a b", "a@\tb", "CN", "=", "CN=", "CN=a,", "CN=a,b", "X9=a",
	"/CN=a/", "CN=#1", "CN=#0261", "1.=a", "1..2=a", "3.1=a", "1.40=a",
	"CN=a,CN=", "a=b@example.org" };

static void text_forms(void **state)
{
	char text[MS_ID_TEXT];
	struct ms_why why = { "" };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		const char *want = good[i].out != NULL ? good[i].out : good[i].in;
		struct ms_id id = { 0 }, again = { 0 };
		size_t needed;

		if (ms_id_parse(&id, good[i].in, strlen(good[i].in), &why) != MS_OK)
			fail_msg("%s: %s", good[i].in, why.text);
		assert_int_equal(id.type, good[i].type);
		if (good[i].len != 0 && id.len != good[i].len)
			fail_msg("%s: %u octets", good[i].in, id.len);
		needed = ms_id_text(&id, text, sizeof text);
		assert_int_equal(needed, strlen(text));
		assert_string_equal(text, want);
		if (ms_id_parse(&again, text, strlen(text), &why) != MS_OK)
			fail_msg("%s does not parse back: %s", text, why.text);
		assert_true(ms_id_eq(&id, &again));
		ms_id_free(&id);
		ms_id_free(&again);
		assert_int_equal(id.type, MS_ID_ANY);
		assert_null(id.data);
	}
}

static void refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct ms_why why = { "" };
		struct ms_id id = { 0 };

		if (ms_id_parse(&id, bad[i], strlen(bad[i]), &why) == MS_OK)
			fail_msg("\"%s\" was accepted", bad[i]);
		assert_true(why.text[0] != '\0');
	}
}

static void too_long(void **state)
{
	char text[2 * MS_ID_MAX_OCTETS];
	struct ms_id id = { 0 };

	(void)state;
	memset(text, 'a', sizeof text);
	text[0] = '@';
	assert_int_equal(ms_id_parse(&id, text, MS_ID_MAX_OCTETS + 1, NULL), MS_OK);
	ms_id_free(&id);
	assert_int_equal(ms_id_parse(&id, text, MS_ID_MAX_OCTETS + 2, NULL), MS_ERR_LIMIT);
	memcpy(text, "CN=", 3);
	assert_int_equal(ms_id_parse(&id, text, sizeof text, NULL), MS_ERR_LIMIT);
	memcpy(text, "@#0", 3);
	assert_int_equal(ms_id_parse(&id, text, 2 * MS_ID_MAX_OCTETS, NULL), MS_OK);
	ms_id_free(&id);
}

/* Whatever a peer sends, its text is safe in a log line and between a shell's single quotes. */
static void hostile_octets(void **state)
{
	static const uint8_t types[] = { MS_ID_IPV4_ADDR, MS_ID_FQDN, MS_ID_RFC822_ADDR,
		MS_ID_IPV6_ADDR, MS_ID_DER_ASN1_DN, MS_ID_DER_ASN1_GN, MS_ID_KEY_ID, 200 };
	char text[5 * 256 + 32];
	uint8_t octets[256];
	struct ms_id id;

	(void)state;
	for (unsigned i = 0; i < sizeof octets; i++)
		octets[i] = (uint8_t)i;
	for (size_t t = 0; t < sizeof types; t++) {
		size_t n;

		assert_int_equal(ms_id_set(&id, types[t], ms_bytes(octets, sizeof octets)), MS_OK);
		n = ms_id_text(&id, text, sizeof text);
		assert_true(n < sizeof text);
		for (size_t i = 0; i < n; i++) {
			assert_true(text[i] >= 0x20 && text[i] < 0x7f);
			assert_true(text[i] != '\'');
		}
		/* a small buffer gets the beginning and a NUL */
		assert_int_equal(ms_id_text(&id, text, 8), n);
		assert_int_equal(strlen(text), 7);
		assert_int_equal(ms_id_text(&id, NULL, 0), n);
		ms_id_free(&id);
	}
}

/* Every truncation and every changed octet of a name is shown or refused, never read beyond. */
static void damaged_names(void **state)
{
	static const char name[] = "C=CH, O=\\C3\\A4x, CN=a+OU=b, 1.3.6.1.4.1.99999.1=c";
	struct ms_id id = { 0 }, hurt;
	char text[MS_ID_TEXT];

	(void)state;
	assert_int_equal(ms_id_parse(&id, name, strlen(name), NULL), MS_OK);
	for (uint16_t len = 0; len < id.len; len++) {
		assert_int_equal(
			ms_id_set(&hurt, MS_ID_DER_ASN1_DN, ms_bytes(id.data, len)), MS_OK);
		ms_id_text(&hurt, text, sizeof text);
		assert_int_equal(strncmp(text, "@~", 2), 0);
		assert_false(ms_id_eq(&id, &hurt));
		ms_id_free(&hurt);
	}
	for (uint32_t bit = 0; bit < id.len * 8u; bit++) {
		assert_int_equal(ms_id_copy(&hurt, &id), MS_OK);
		hurt.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_true(ms_id_text(&hurt, text, sizeof text) > 0);
		ms_id_eq(&id, &hurt);
		ms_id_free(&hurt);
	}
	ms_id_free(&id);
}

static bool same(const char *a, const char *b)
{
	struct ms_id x = { 0 }, y = { 0 };
	bool eq;

	assert_int_equal(ms_id_parse(&x, a, strlen(a), NULL), MS_OK);
	assert_int_equal(ms_id_parse(&y, b, strlen(b), NULL), MS_OK);
	eq = ms_id_eq(&x, &y);
	assert_int_equal(ms_id_eq(&y, &x), eq);
	ms_id_free(&x);
	ms_id_free(&y);
	return eq;
}

static void equality(void **state)
{
	struct ms_id any = { 0 }, west = { 0 };
	struct ms_addr a;

	(void)state;
	assert_true(same("@West.Example", "@west.example"));
	assert_true(same("Paul@Example", "@paul@example"));
	assert_false(same("@west", "@west2"));
	assert_false(same("@#61", "@a"));
	assert_false(same("@#61", "@#41"));
	assert_true(same("C=CH, CN=Some  Body", "C=ch,CN=some body"));
	assert_false(same("C=CH, CN=Some Body", "C=CH, CN=somebody"));
	assert_false(same("C=CH, CN=a", "C=CH, CN=a, OU=b"));
	assert_false(same("CN=a+OU=b", "CN=a, OU=b"));
	assert_true(same("192.0.2.1", "192.0.2.1"));
	assert_false(same("192.0.2.1", "192.0.2.2"));

	assert_int_equal(ms_id_parse(&west, "@west", 5, NULL), MS_OK);
	assert_true(ms_id_match(&any, &west));
	assert_false(ms_id_match(&west, &any));
	assert_false(ms_id_to_addr(&west, &a));
	ms_id_free(&west);
	assert_int_equal(ms_id_parse(&west, "192.0.2.1", 9, NULL), MS_OK);
	assert_true(ms_id_to_addr(&west, &a));
	assert_int_equal(a.b[3], 1);
	west.len = 3;
	assert_false(ms_id_to_addr(&west, &a));
	ms_id_free(&west);
}

static bool matches(const char *pattern, const char *text)
{
	struct ms_id p, i;
	bool yes;

	assert_int_equal(ms_id_parse(&p, pattern, strlen(pattern), NULL), MS_OK);
	assert_int_equal(ms_id_parse(&i, text, strlen(text), NULL), MS_OK);
	yes = ms_id_match(&p, &i);
	/* what matches only itself is no pattern */
	if (!ms_id_is_pattern(&p))
		assert_true(yes == ms_id_eq(&p, &i));
	ms_id_free(&p);
	ms_id_free(&i);
	return yes;
}

static void patterns(void **state)
{
	static const char *const yes[][2] = {
		{ "C=CH, O=x, CN=*", "C=CH, O=x, CN=y" },
		{ "C=CH, O=x, CN=*", "C=ch, O=X, CN=anything at all" },
		{ "C=*, O=*, CN=*", "C=CH, O=x, CN=y" },
		/* any order, when there is a wildcard */
		{ "C=CH, O=x, CN=*", "CN=y, O=x, C=CH" },
		/* the written value takes its own, the wildcard the other */
		{ "OU=*, OU=a", "OU=a, OU=b" },
		{ "OU=*, OU=a", "OU=b, OU=a" },
		{ "CN=*+OU=a", "CN=x+OU=a" },
		{ "@*.example.org", "@a.example.org" },
		{ "@*.example.org", "@a.b.EXAMPLE.org" },
		{ "*@example.org", "user@Example.org" },
		{ "%any", "@west" },
	};
	static const char *const no[][2] = {
		{ "C=CH, O=x, CN=*", "C=CH, O=x" },
		{ "C=CH, O=x, CN=*", "C=CH, O=x, CN=y, CN=z" },
		{ "C=CH, O=x, CN=*", "C=CH, O=z, CN=y" },
		{ "C=CH, O=x, CN=*", "C=CH, O=x, OU=y" },
		{ "C=CH, O=x, CN=*", "@west" },
		{ "C=CH, O=x, CN=y", "CN=y, O=x, C=CH" },
		{ "OU=*, OU=a", "OU=b, OU=c" },
		/* only a value that is * alone */
		{ "CN=w*", "CN=west" },
		{ "@*.example.org", "@example.org" },
		{ "@*.example.org", "@aexample.org" },
		{ "@*.example.org", "@a.example.org.evil" },
		{ "*@example.org", "user@sub.example.org" },
		{ "@*est", "@west" },
		{ "@west", "%any" },
	};
	/* what a peer says is never a pattern */
	static const char *const back[][2] = {
		{ "C=CH, O=x, CN=y", "C=CH, O=x, CN=*" },
		{ "@a.example.org", "@*.example.org" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
		assert_true(matches(yes[i][0], yes[i][1]));
	for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
		assert_false(matches(no[i][0], no[i][1]));
	for (size_t i = 0; i < sizeof back / sizeof back[0]; i++)
		assert_false(matches(back[i][0], back[i][1]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_forms),
		cmocka_unit_test(refused),
		cmocka_unit_test(too_long),
		cmocka_unit_test(hostile_octets),
		cmocka_unit_test(damaged_names),
		cmocka_unit_test(equality),
		cmocka_unit_test(patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
