/* SPDX-License-Identifier: Apache-2.0 */
/* Records of keys: the forms that the family writes, and what strangers write. */
#include <modswan/dnskey.h>
#include <modswan/text.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An RSA key of RFC 3110 with exponent 3, its modulus all ones. */
static size_t rsa(uint8_t *out, size_t modulus)
{
	out[0] = 1;
	out[1] = 3;
	memset(out + 2, 0xff, modulus);
	return modulus + 2;
}

static const char *rsa64(size_t modulus)
{
	static char text[8192];
	uint8_t key[4096];
	size_t n = rsa(key, modulus);

	ms_data_text(key, n, 64, text, sizeof text);
	return text;
}

static struct ms_dns_key k;
static struct ms_why why;

/* The record's strings, one after another; NULL ends them. */
static ms_err txt(const char *first, ...)
{
	static uint8_t rdata[70000];
	size_t used = 0;
	va_list ap;
	uint8_t *copy;
	ms_err err;

	va_start(ap, first);
	for (const char *s = first; s != NULL; s = va_arg(ap, const char *)) {
		rdata[used++] = (uint8_t)strlen(s);
		memcpy(rdata + used, s, strlen(s));
		used += strlen(s);
	}
	va_end(ap);
	copy = malloc(used + (used == 0));
	assert_non_null(copy);
	memcpy(copy, rdata, used);
	why.text[0] = '\0';
	err = ms_dns_key_txt(ms_bytes(copy, used), &k, &why);
	free(copy);
	return err;
}

static bool gateway_is(const char *addr)
{
	char text[MS_ADDR_TEXT];

	ms_addr_text(&k.addr, text, sizeof text);
	return k.gateway == MS_DNS_GATEWAY_ADDR && strcmp(text, addr) == 0;
}

/* ipsec showhostkey --txt writes these. */
static void txt_forms(void **state)
{
	char line[256], half[200];
	const char *key = rsa64(128), *long_key;

	(void)state;
	snprintf(line, sizeof line, " %.250s", key);
	assert_int_equal(txt("X-IPsec-Server(10)=192.0.2.11", line, NULL), MS_OK);
	assert_int_equal(k.precedence, 10);
	assert_true(gateway_is("192.0.2.11"));
	assert_int_equal(k.form, MS_DNS_KEY_RFC3110);
	assert_int_equal(k.key_octets, 130);
	snprintf(line, sizeof line, "X-IPsec-Server(0)=@xy.example.com %.100s", key);
	assert_int_equal(txt(line, key + 100, NULL), MS_OK);
	assert_int_equal(k.gateway, MS_DNS_GATEWAY_NAME);
	assert_string_equal(k.name, "xy.example.com");
	assert_int_equal(txt("X-IPsec-Server(10)=@xy.example.com.", NULL), MS_OK);
	assert_string_equal(k.name, "xy.example.com");
	assert_int_equal(k.form, MS_DNS_KEY_NONE);
	assert_int_equal(txt("x-ipsec-server ( 65535 ) = 2001:db8::1 ", NULL), MS_OK);
	assert_int_equal(k.precedence, 65535);
	assert_true(gateway_is("2001:db8::1"));
	/* strings are cut anywhere, also in the middle of the name */
	assert_int_equal(txt("X-IPsec-Ser", "ver(1", "0)=192.0", ".2.11", NULL), MS_OK);
	assert_true(gateway_is("192.0.2.11"));
	/* 2048 bits over three strings */
	long_key = rsa64(256);
	snprintf(half, sizeof half, " %.170s", long_key);
	assert_int_equal(txt("X-IPsec-Server(10)=192.0.2.11", half, long_key + 170, NULL), MS_OK);
	assert_int_equal(k.key_octets, 258);
}

static void other_txt(void **state)
{
	(void)state;
	assert_int_equal(txt("v=spf1 -all", NULL), MS_ERR_NOT_FOUND);
	assert_int_equal(txt("", NULL), MS_ERR_NOT_FOUND);
	assert_int_equal(txt(NULL), MS_ERR_NOT_FOUND);
	assert_int_equal(txt("xyz", NULL), MS_ERR_NOT_FOUND);
	assert_int_equal(txt("X-IPsec-Serverless", NULL), MS_ERR_SYNTAX);
}

/* CVE-2013-2052, 2053, 2054: a gateway that looks like a distinguished name, or is long. */
static void hostile_txt(void **state)
{
	static const char *const gateways[] = {
		"C=CH, O=x, CN=y",
		"@C=CH,O=x,CN=y",
		"CN=",
		"=",
		"@",
		"@.",
		"@..",
		"@a..b",
		"@-\x01",
		"@a;reboot",
		"@$(reboot)",
		"@a/../../b c=d, e=f=g==h",
		"user@example.com",
		"@#0x00",
		"@~3000",
		"%any",
		"0.0.0.0",
		"::",
		"192.0.2.256",
		"1.2.3.4.5.6.7.8.9",
		"192.0.2.1/24",
		"",
	};
	char line[256];

	(void)state;
	for (unsigned i = 0; i < sizeof gateways / sizeof gateways[0]; i++) {
		ms_err err;

		snprintf(line, sizeof line, "X-IPsec-Server(10)=%s", gateways[i]);
		err = txt(line, NULL);
		if (strncmp(gateways[i], "@a/../", 6) == 0)
			assert_int_not_equal(err, MS_OK);
		else
			assert_int_equal(err, MS_ERR_SYNTAX);
		assert_int_not_equal(why.text[0], '\0');
	}
	assert_int_equal(txt("X-IPsec-Server(65536)=192.0.2.1", NULL), MS_ERR_SYNTAX);
	assert_int_equal(txt("X-IPsec-Server(99999999999999999999)=192.0.2.1", NULL), MS_ERR_SYNTAX);
	assert_int_equal(txt("X-IPsec-Server(-1)=192.0.2.1", NULL), MS_ERR_SYNTAX);
	assert_int_equal(txt("X-IPsec-Server()=192.0.2.1", NULL), MS_ERR_SYNTAX);
	assert_int_equal(txt("X-IPsec-Server(1", NULL), MS_ERR_SYNTAX);
	assert_int_equal(txt("X-IPsec-Server(1)", NULL), MS_ERR_SYNTAX);
	assert_int_equal(txt("X-IPsec-Server(1)=192.0.2.1 ====", NULL), MS_ERR_BAD_KEY);
	assert_int_equal(txt("X-IPsec-Server(1)=192.0.2.1 AAAA", NULL), MS_ERR_BAD_KEY);
	assert_int_equal(txt("X-IPsec-Server(1)=192.0.2.1 \xff\xfe", NULL), MS_ERR_BAD_KEY);
}

/* Many strings of 255 octets, up to as much as a message can hold. */
static void long_txt(void **state)
{
	uint8_t *rdata = malloc(65535);
	uint32_t random = 4711;

	(void)state;
	assert_non_null(rdata);
	for (unsigned round = 0; round < 300; round++) {
		size_t size = round < 256 ? (size_t)round * 256 : 65535;
		size_t start = 0;

		for (size_t i = 0; i < size; i++) {
			random = random * 1103515245u + 12345u;
			rdata[i] = i % 256 == 0 ? 255 : (uint8_t)(round % 2 ? 'A' : random >> 16);
		}
		if (size > 64 && round % 3 != 0) {
			start = (size_t)snprintf((char *)rdata + 1, 64, "X-IPsec-Server(10)=%s",
				round % 3 == 1 ? "192.0.2.1 " : "@");
			rdata[1 + start] = round % 3 == 1 ? 'A' : 'a';
		}
		assert_int_not_equal(ms_dns_key_txt(ms_bytes(rdata, size), &k, &why), MS_OK);
	}
	/* a string that says more than there is */
	assert_int_equal(ms_dns_key_txt(ms_bytes("\5X-IP", 5), &k, &why), MS_ERR_SYNTAX);
	assert_int_equal(ms_dns_key_txt(ms_bytes("\26X-IPsec-Server(1)=1.2.\0", 24), &k, &why),
		MS_ERR_SYNTAX);
	free(rdata);
}

static ms_err key(uint16_t flags, uint8_t protocol, uint8_t algorithm, size_t modulus)
{
	uint8_t r[600] = { (uint8_t)(flags >> 8), (uint8_t)flags, protocol, algorithm };
	size_t n = modulus == 0 ? 0 : rsa(r + 4, modulus);

	why.text[0] = '\0';
	return ms_dns_key_key(ms_bytes(r, 4 + n), &k, &why);
}

static void key_forms(void **state)
{
	(void)state;
	/* ipsec showhostkey --key: 0x4200 4 1 */
	assert_int_equal(key(0x4200, 4, 1, 256), MS_OK);
	assert_int_equal(k.gateway, MS_DNS_GATEWAY_SELF);
	assert_int_equal(k.key_octets, 258);
	assert_int_equal(key(0x0200, 255, 5, 128), MS_OK);
	assert_int_equal(key(0x4200, 3, 5, 128), MS_ERR_NOT_FOUND); /* DNSSEC's */
	assert_int_equal(key(0xc200, 4, 1, 128), MS_ERR_NOT_FOUND); /* no key */
	assert_int_equal(key(0x8200, 4, 1, 128), MS_ERR_NOT_FOUND); /* not to authenticate */
	assert_int_equal(key(0x4200, 4, 13, 128), MS_ERR_UNSUPPORTED);
	assert_int_equal(key(0x4200, 4, 1, 0), MS_ERR_BAD_KEY);
	assert_int_equal(ms_dns_key_key(ms_bytes("\x42\0\4", 3), &k, &why), MS_ERR_SYNTAX);
	assert_int_equal(ms_dns_key_key(ms_bytes(NULL, 0), &k, &why), MS_ERR_SYNTAX);
}

static ms_err ipseckey(uint8_t type, uint8_t algorithm, const void *gateway, size_t gateway_octets,
	size_t octets)
{
	uint8_t r[700] = { 10, type, algorithm };
	size_t used = 3;

	if (gateway_octets > 0)
		memcpy(r + used, gateway, gateway_octets);
	used += gateway_octets;
	if (algorithm == 2)
		used += rsa(r + used, octets);
	else
		used += octets;
	why.text[0] = '\0';
	return ms_dns_key_ipseckey(ms_bytes(r, used), &k, &why);
}

static void ipseckey_forms(void **state)
{
	static const uint8_t v6[16] = { 0x20, 1, 0xd, 0xb8, [15] = 1 };
	static const size_t curves[][3] = { { 3, 64, 91 }, { 3, 96, 120 }, { 4, 32, 44 },
		{ 4, 57, 69 } };

	(void)state;
	/* RFC 4025 s3.2: the examples' kinds of gateway */
	assert_int_equal(ipseckey(1, 2, "\xc0\0\2\x26", 4, 256), MS_OK);
	assert_true(gateway_is("192.0.2.38"));
	assert_int_equal(k.precedence, 10);
	assert_int_equal(k.form, MS_DNS_KEY_RFC3110);
	assert_int_equal(ipseckey(0, 2, NULL, 0, 256), MS_OK);
	assert_int_equal(k.gateway, MS_DNS_GATEWAY_SELF);
	assert_int_equal(ipseckey(3, 2, "\11mygateway\7example\3com", 23, 256), MS_OK);
	assert_string_equal(k.name, "mygateway.example.com");
	assert_int_equal(ipseckey(3, 2, "", 1, 256), MS_OK); /* the root: nobody */
	assert_int_equal(k.gateway, MS_DNS_GATEWAY_SELF);
	assert_int_equal(ipseckey(2, 2, v6, 16, 256), MS_OK);
	assert_true(gateway_is("2001:db8::1"));
	assert_int_equal(ipseckey(1, 0, "\xc0\0\2\x26", 4, 0), MS_OK);
	assert_int_equal(k.form, MS_DNS_KEY_NONE);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(ipseckey(0, (uint8_t)curves[i][0], NULL, 0, curves[i][1]), MS_OK);
		assert_int_equal(k.form, MS_DNS_KEY_SPKI);
		assert_int_equal(k.key_octets, curves[i][2]);
		/* a SEQUENCE of just that length */
		assert_int_equal(k.key[0], 0x30);
		assert_int_equal(k.key[1], curves[i][2] - 2);
		assert_int_not_equal(
			ipseckey(0, (uint8_t)curves[i][0], NULL, 0, curves[i][1] + 1), MS_OK);
	}
	assert_int_equal(ipseckey(0, 1, NULL, 0, 100), MS_ERR_UNSUPPORTED); /* DSA */
	assert_int_equal(ipseckey(4, 2, NULL, 0, 100), MS_ERR_UNSUPPORTED);
	assert_int_equal(ipseckey(1, 0, "\xc0\0", 2, 0), MS_ERR_SYNTAX);
	assert_int_equal(ipseckey(1, 2, "\0\0\0\0", 4, 100), MS_ERR_SYNTAX);
	assert_int_equal(ipseckey(3, 0, "\xc0\x0c", 2, 0), MS_ERR_SYNTAX); /* compressed */
	assert_int_equal(ipseckey(3, 0, "\3a.b\0", 5, 0), MS_ERR_SYNTAX);
	assert_int_equal(ms_dns_key_ipseckey(ms_bytes("\n", 1), &k, &why), MS_ERR_SYNTAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(txt_forms),
		cmocka_unit_test(other_txt),
		cmocka_unit_test(hostile_txt),
		cmocka_unit_test(long_txt),
		cmocka_unit_test(key_forms),
		cmocka_unit_test(ipseckey_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
