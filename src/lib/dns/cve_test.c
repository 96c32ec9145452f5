/* SPDX-License-Identifier: Apache-2.0 */
/* Faults that other IKE daemons had with what DNS says of keys and gateways. */
#include <modswan/dnskey.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The text as a TXT record of strings of `piece` octets. */
static ms_err read_txt(const char *text, size_t len, size_t piece, struct ms_dns_key *out)
{
	size_t pieces = (len + piece - 1) / piece;
	uint8_t *rdata = malloc(len + pieces + 1);
	struct ms_why why = { "" };
	size_t used = 0;
	ms_err err;

	for (size_t at = 0; at < len; at += piece) {
		size_t n = len - at < piece ? len - at : piece;

		rdata[used++] = (uint8_t)n;
		memcpy(rdata + used, text + at, n);
		used += n;
	}
	rdata = realloc(rdata, used + (used == 0));
	err = ms_dns_key_txt(ms_bytes(rdata, used), out, &why);
	assert_true(err == MS_OK || err == MS_ERR_NOT_FOUND || why.text[0] != '\0');
	for (const char *c = why.text; *c != '\0'; c++)
		assert_true(*c >= 0x20 && *c < 0x7f);
	free(rdata);
	return err;
}

/* "@C" is the name of a host and "1.2.3.4" an address, "@C=CH" and "1.2.3.4=" are none. */
static void refused_or_name(const char *text, size_t len, size_t piece, struct ms_dns_key *rr)
{
	if (read_txt(text, len, piece, rr) != MS_OK)
		return;
	if (rr->gateway == MS_DNS_GATEWAY_NAME) {
		assert_string_equal(rr->name, "C");
	} else {
		assert_int_equal(rr->gateway, MS_DNS_GATEWAY_ADDR);
		assert_memory_equal(rr->addr.b, "\1\2\3\4", 4);
	}
}

/* CVE-2013-2052, CVE-2013-2053, CVE-2013-2054: gateways that look like distinguished names, of every
 * length up to what a record can hold, in one string and in many. */
static void test_cve_2013_2052_gateways_like_names(void **state)
{
	static const char *const shapes[] = { "C=", "CN=a, ", "=", "@C=CH, O=x, ", "@", "E=x@y,", "\\,",
		"\"", "%n", "/C=US/CN=", "@[10.0.0.1]", "@#30", "a.", "\xc3\xa4", "1.2.3.4=", "-" };
	static const size_t pieces[] = { 255, 1, 100 };
	static char text[64000];
	static struct ms_dns_key rr;

	(void)state;
	alarm(120);
	for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
		for (size_t len = 1; len < 40000; len += 1 + len / 3) {
			size_t n = (size_t)sprintf(text, "X-IPsec-Server(10)=");

			for (size_t i = 0; i < len; i++)
				text[n + i] = shapes[s][i % strlen(shapes[s])];
			for (unsigned p = 0; p < 3; p++)
				if (n + len + (n + len) / pieces[p] < 65535)
					refused_or_name(text, n + len, pieces[p], &rr);
			/* and with a key behind it */
			memcpy(text + n + len, " AQMBAgMEBQYHCAkK", 17);
			refused_or_name(text, n + len + 17, 255, &rr);
		}
	alarm(0);
	/* what is meant is understood */
	assert_int_equal(read_txt("X-IPsec-Server(10)=192.0.2.1 AQMBAgMEBQYHCAkK", 45, 7, &rr), MS_OK);
	assert_int_equal(rr.gateway, MS_DNS_GATEWAY_ADDR);
	assert_int_equal(rr.form, MS_DNS_KEY_RFC3110);
}

/* The same record cut after each octet, and with each octet replaced by each that matters. */
static void test_cve_2013_2053_every_octet(void **state)
{
	static const char good[] = "X-IPsec-Server(10)=@gw.example.com AQMBAgMEBQYHCAkK";
	static const char octets[] = "\0=@,\"\\() \t/\x80\xff";
	static struct ms_dns_key rr;

	(void)state;
	for (size_t len = 0; len < sizeof good; len++)
		(void)!read_txt(good, len, 255, &rr);
	for (size_t i = 0; i < sizeof good - 1; i++)
		for (size_t k = 0; k < sizeof octets - 1; k++) {
			char text[sizeof good];

			memcpy(text, good, sizeof good);
			text[i] = octets[k];
			if (read_txt(text, sizeof good - 1, 255, &rr) == MS_OK)
				assert_true(rr.gateway != MS_DNS_GATEWAY_NAME ||
					    ms_dns_name_ok(rr.name));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cve_2013_2052_gateways_like_names),
		cmocka_unit_test(test_cve_2013_2053_every_octet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
