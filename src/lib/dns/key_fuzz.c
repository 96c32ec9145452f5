/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target of records' data.  The first octet says how the rest is read: as TXT, KEY or IPSECKEY,
 * or as the text of a TXT record that is cut into strings here (by the second octet).  What is
 * accepted is within the bounds of the structure and can be asked for.
 */
#include <modswan/dnskey.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t fuzz_seed(unsigned i, uint8_t *out, size_t cap);

#define MUST(condition)                                                                 \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                        \
		}                                                                       \
	} while (0)

static void read_one(uint16_t type, const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1); /* its end is the record's for a sanitizer */
	struct ms_dns_key k;
	struct ms_why why = { "" };
	ms_err err;

	MUST(copy != NULL);
	copy = realloc(copy, size > 0 ? size : 1);
	MUST(copy != NULL);
	if (size > 0)
		memcpy(copy, data, size);
	err = ms_dns_key_read(type, ms_bytes(copy, size), &k, &why);
	free(copy);
	MUST(err == MS_OK || err == MS_ERR_NOT_FOUND || why.text[0] != '\0');
	if (err != MS_OK)
		return;
	MUST(k.precedence <= 65535);
	MUST(k.key_octets <= sizeof k.key);
	MUST((k.key_octets > 0) == (k.form != MS_DNS_KEY_NONE));
	if (k.gateway == MS_DNS_GATEWAY_NAME)
		MUST(ms_dns_name_ok(k.name));
	if (k.gateway == MS_DNS_GATEWAY_ADDR)
		MUST(!ms_addr_is_any(&k.addr));
}

static void as_text(uint8_t piece, const uint8_t *data, size_t size)
{
	static const char start[] = "X-IPsec-Server(";
	uint8_t rdata[70000];
	size_t used = 0, first = sizeof start - 1;

	if (size > 60000)
		size = 60000;
	rdata[used++] = (uint8_t)first;
	memcpy(rdata + used, start, first);
	used += first;
	while (size > 0) {
		size_t n = size < piece ? size : piece;

		if (used + 1 + n > sizeof rdata)
			break;
		rdata[used++] = (uint8_t)n;
		memcpy(rdata + used, data, n);
		used += n;
		data += n;
		size -= n;
		if (n == 0)
			break;
	}
	read_one(MS_DNS_TXT, rdata, used);
}

/* An RSA key of 64 octets with exponent 3 stands where a key has to be. */
size_t fuzz_seed(unsigned i, uint8_t *out, size_t cap)
{
	static const char *const heads[] = {
		"\3\350""10)=192.0.2.1 AQO" "////////////////////////////////////////////////",
		"\3\37""10)=@gw.example.com AQO" "////////////////////////////////////////////////",
		"\3\377""1) = 2001:db8::1",
		"\1\102\1\4\1\1\3" "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm",
		"\2\12\3\2\2gw\7example\3com",
		"\2\12\1\4\300\1\2\3" "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk",
	};
	size_t len;

	if (i >= sizeof heads / sizeof heads[0])
		return 0;
	len = strlen(heads[i]);
	if (len > cap)
		len = cap;
	memcpy(out, heads[i], len);
	return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t types[] = { MS_DNS_TXT, MS_DNS_KEY, MS_DNS_IPSECKEY };
	char name[MS_DNS_NAME_MAX + 1];

	if (size < 2)
		return 0;
	if (data[0] % 4 < 3) {
		read_one(types[data[0] % 4], data + 1, size - 1);
		if (ms_dns_name_text(ms_bytes(data + 1, size - 1), name, sizeof name) > 1)
			MUST(ms_dns_name_ok(name));
	} else {
		as_text(data[1], data + 2, size - 2);
	}
	return 0;
}
