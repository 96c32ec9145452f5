/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target of records with keys.  The first octet says the type and the form: octets as they came,
 * or for TXT numbers of words that make up a text.  What is taken has a gateway that can be looked up
 * and a key that fits its form; what is refused has a reason, unless it is about something else.
 */
#include <modswan/dnskey.h>
#include <modswan/text.h>

#include "fuzz/fuzz.h"

static const char *const word[] = { "X-IPsec-Server", "x-ipsec-server", "(10)", "(", ")", "65535",
	"65536", "0", "=", "@", "192.0.2.1", "::1", "2001:db8::1", "0.0.0.0", "gw.example.com", ".",
	" ", "\t", "AQMBAgME", "AQNhYmNkZWZnaGlqa2xtbm9w", "AAAA", "==", "/", "C=CH, CN=", "\\", "\"",
	"-", "_", "%any", "a", "\xff", "x" };

size_t fuzz_seed(unsigned i, uint8_t *out, size_t cap)
{
	static const uint8_t seeds[][40] = {
		{ 3, 0, 2, 8, 10, 16, 19 },			   /* words: tag(10)=192.0.2.1 KEY */
		{ 3, 0, 2, 8, 9, 14 },				   /* tag(10)=@gw.example.com */
		{ 1, 0, 0, 4, 5, 1, 3, 'k', 'e', 'y', 'm', 'o', 'd', 'u', 'l', 'u', 's' },
		{ 2, 10, 1, 2, 192, 0, 2, 1, 1, 3, 'm', 'o', 'd', 'u', 'l', 'u', 's', '.', '.' },
		{ 2, 10, 3, 0, 2, 'g', 'w', 3, 'o', 'r', 'g', 0 },
		{ 2, 0, 0, 4, 'e', 'd' },
	};
	size_t len = sizeof seeds[0];

	if (i >= sizeof seeds / sizeof seeds[0] || cap < len)
		return 0;
	while (len > 0 && seeds[i][len - 1] == 0)
		len--;
	memcpy(out, seeds[i], len);
	return len;
}

static void check(uint16_t type, struct ms_bytes rdata)
{
	static struct ms_dns_key rr;
	struct ms_why why = { "" };
	struct ms_rsa_blob parts;
	ms_err err = ms_dns_key_read(type, rdata, &rr, &why);

	if (err != MS_OK) {
		MUST(err == MS_ERR_NOT_FOUND || why.text[0] != '\0');
		return;
	}
	MUST(rr.precedence <= 65535);
	MUST(rr.gateway != MS_DNS_GATEWAY_ADDR || !ms_addr_is_any(&rr.addr));
	MUST(rr.gateway != MS_DNS_GATEWAY_NAME || ms_dns_name_ok(rr.name));
	MUST(rr.key_octets <= sizeof rr.key);
	MUST((rr.form == MS_DNS_KEY_NONE) == (rr.key_octets == 0));
	MUST(rr.form != MS_DNS_KEY_RFC3110 ||
		ms_rsa_blob_split(&parts, rr.key, rr.key_octets, NULL) == MS_OK);
}

/* As strings of at most 255 octets, of lengths that the data say. */
static void check_words(const uint8_t *data, size_t size)
{
	uint8_t *rdata = malloc(70000);
	size_t used = 1, string = 0;

	MUST(rdata != NULL);
	for (size_t i = 0; i < size; i++) {
		const char *w = word[data[i] % (sizeof word / sizeof word[0])];

		for (; *w != '\0' && used < 69000; w++) {
			if (used - string > 255 || (data[i] & 0x80 && *w == ' ')) {
				rdata[string] = (uint8_t)(used - string - 1);
				string = used++;
			}
			rdata[used++] = (uint8_t)*w;
		}
	}
	rdata[string] = (uint8_t)(used - string - 1);
	rdata = realloc(rdata, used); /* a sanitizer shall see the end */
	MUST(rdata != NULL);
	check(MS_DNS_TXT, ms_bytes(rdata, used));
	free(rdata);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t types[] = { MS_DNS_TXT, MS_DNS_KEY, MS_DNS_IPSECKEY };
	char name[MS_DNS_NAME_MAX + 1];
	size_t used;

	if (size == 0)
		return 0;
	if (data[0] % 4 == 3) {
		check_words(data + 1, size - 1);
		return 0;
	}
	check(types[data[0] % 4], ms_bytes(data + 1, size - 1));
	used = ms_dns_name_text(ms_bytes(data + 1, size - 1), name, sizeof name);
	MUST(used <= size - 1);
	MUST(used == 0 || name[0] == '\0' || ms_dns_name_ok(name));
	return 0;
}
