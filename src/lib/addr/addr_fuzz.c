/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target of the text forms.  The first octet picks the parser, the second its family and
 * base, the rest is the text in a block of its own, so that one octet too far is seen.  What a
 * parser takes must print, parse again and be the same; what it refuses must have a reason.
 * Names are never looked up.
 */
#include <modswan/addr.h>
#include <modswan/text.h>

#include "fuzz/fuzz.h"

/* A text function's return value is what it wrote, and it keeps to short buffers. */
#define PRINT(function, value, buf)                                         \
	do {                                                                \
		MUST(function((value), (buf), sizeof(buf)) == strlen(buf)); \
		MUST(strlen(buf) < sizeof(buf));                            \
		MUST(function((value), NULL, 0) == strlen(buf));            \
	} while (0)

static const int families[] = { 0, AF_INET, AF_INET6 };

static void refused(ms_err err, const struct ms_why *why)
{
	MUST(err != MS_ERR_BUG);
	MUST(why->text[0] != '\0' && memchr(why->text, '\0', sizeof why->text) != NULL);
	for (const char *p = why->text; *p != '\0'; p++)
		MUST(*p >= 0x20 && *p < 0x7f);
}

static void fuzz_addr(const char *text, size_t len, unsigned how)
{
	char buf[MS_ADDR_TEXT], reverse[MS_REVERSE_TEXT];
	struct ms_addr a, again;
	struct ms_why why = { "" };
	ms_err err = ms_addr_parse(
		&a, text, len, families[how % 3], (how & 4) != 0 ? MS_TEXT_SHORT : 0, &why);

	if (err != MS_OK) {
		refused(err, &why);
		return;
	}
	PRINT(ms_addr_text, &a, buf);
	MUST(ms_addr_parse(&again, buf, strlen(buf), a.family, 0, NULL) == MS_OK);
	MUST(ms_addr_eq(&a, &again));
	PRINT(ms_addr_long_text, &a, buf);
	MUST(ms_addr_parse(&again, buf, strlen(buf), 0, 0, NULL) == MS_OK);
	MUST(ms_addr_eq(&a, &again));
	PRINT(ms_addr_reverse_text, &a, reverse);
}

static void fuzz_endpoint(const char *text, size_t len, unsigned how)
{
	char buf[MS_ENDPOINT_TEXT];
	struct ms_endpoint e, again;
	struct sockaddr_storage ss;
	struct ms_why why = { "" };
	ms_err err = ms_endpoint_parse(&e, text, len, families[how % 3], 500, 0, &why);

	if (err != MS_OK) {
		refused(err, &why);
		return;
	}
	PRINT(ms_endpoint_text, &e, buf);
	MUST(ms_endpoint_parse(&again, buf, strlen(buf), 0, 1, 0, NULL) == MS_OK);
	MUST(ms_endpoint_eq(&e, &again));
	MUST(ms_endpoint_to_sockaddr(&e, &ss) != 0);
	MUST(ms_endpoint_from_sockaddr(&again, (struct sockaddr *)&ss) == MS_OK);
	MUST(ms_endpoint_eq(&e, &again));
}

static void fuzz_subnet(const char *text, size_t len, unsigned how)
{
	char buf[MS_SUBNET_TEXT];
	struct ms_subnet s, again;
	struct ms_range r;
	struct ms_addr mask;
	uint16_t port = 0;
	unsigned bits;
	struct ms_why why = { "" };
	ms_err err = (how & 4) != 0 ? ms_subnet_port_parse(
					      &s, &port, text, len, families[how % 3], 0, &why)
				    : ms_subnet_parse(&s, text, len, families[how % 3], 0, &why);

	if (err != MS_OK) {
		refused(err, &why);
		return;
	}
	PRINT(ms_subnet_text, &s, buf);
	MUST(ms_subnet_parse(&again, buf, strlen(buf), s.net.family, 0, NULL) == MS_OK);
	MUST(ms_subnet_eq(&s, &again));
	PRINT(ms_subnet_mask_text, &s, buf);
	MUST(ms_subnet_parse(&again, buf, strlen(buf), 0, 0, NULL) == MS_OK);
	MUST(ms_subnet_eq(&s, &again));
	mask = ms_subnet_mask(&s);
	MUST(ms_mask_to_bits(&mask, &bits) == MS_OK && bits == s.bits);
	r = ms_range_of_subnet(&s);
	MUST(ms_range_to_subnet(&r, &again) == MS_OK && ms_subnet_eq(&s, &again));
}

static void fuzz_range(const char *text, size_t len, unsigned how)
{
	char buf[MS_RANGE_TEXT];
	struct ms_asr asr;
	struct ms_range again;
	struct ms_subnet s;
	struct ms_why why = { "" };
	ms_err err = ms_asr_parse(&asr, text, len, families[how % 3], 0, &why);

	if (err != MS_OK) {
		refused(err, &why);
		return;
	}
	PRINT(ms_range_text, &asr.range, buf);
	MUST(ms_range_parse(&again, buf, strlen(buf), 0, NULL) == MS_OK);
	MUST(ms_range_eq(&asr.range, &again));
	MUST(ms_addr_cmp(&again.first, &again.last) <= 0);
	if (asr.kind != MS_ASR_RANGE)
		MUST(ms_range_to_subnet(&again, &s) == MS_OK && s.bits == asr.bits);
}

static void fuzz_selector(const char *text, size_t len, unsigned how)
{
	char buf[MS_SELECTOR_TEXT];
	struct ms_selector s, again;
	struct ms_why why = { "" };
	ms_err err = ms_selector_parse(&s, text, len, families[how % 3], 0, &why);

	if (err != MS_OK) {
		refused(err, &why);
		return;
	}
	PRINT(ms_selector_text, &s, buf);
	MUST(ms_selector_parse(&again, buf, strlen(buf), 0, 0, NULL) == MS_OK);
	MUST(ms_selector_eq(&s, &again) && ms_selector_contains(&s, &again));
	MUST(ms_selector_intersect(&s, &again, &again) && ms_selector_eq(&s, &again));
}

static void fuzz_said(const char *text, size_t len, unsigned how)
{
	static const int formats[] = { 0, 'f', 'x' };
	char buf[MS_SAID_TEXT];
	struct ms_said s, again;
	struct ms_why why = { "" };
	ms_err err = ms_said_parse(&s, text, len, 0, &why);

	if (err != MS_OK) {
		refused(err, &why);
		return;
	}
	MUST(ms_said_text(&s, formats[how % 3], buf, sizeof buf) == strlen(buf));
	MUST(strlen(buf) < MS_SAID_TEXT - 1);
	MUST(ms_said_parse(&again, buf, strlen(buf), 0, NULL) == MS_OK);
	MUST(ms_said_eq(&s, &again));
}

static void fuzz_data(const char *text, size_t len, unsigned how)
{
	static const unsigned bases[] = { 0, 16, 64, 256 };
	static const int formats[] = { 'x', 'h', 's', 16, 64 };
	unsigned base = bases[how % 4] | ((how & 4) != 0 ? MS_DATA_BLANKS : 0);
	int format = formats[(how >> 3) % 5];
	size_t cap = len, used = 0, used2 = 0, n;
	uint8_t *out = malloc(cap + 1), *back = malloc(cap + 1);
	char *buf = malloc(3 * cap + 16);
	struct ms_why why = { "" };
	struct ms_rsa_blob key;
	ms_err err;

	MUST(out != NULL && back != NULL && buf != NULL);
	err = ms_data_parse(out, cap, &used, text, len, base, &why);
	if (err != MS_OK) {
		refused(err, &why);
	} else {
		MUST(used > 0 && used <= cap);
		n = ms_data_text(out, used, format, buf, 3 * cap + 16);
		MUST(n == strlen(buf));
		base = format == 16 || format == 64 ? (unsigned)format : 0;
		MUST(ms_data_parse(back, used, &used2, buf, n, base, NULL) == MS_OK);
		MUST(used2 == used && memcmp(out, back, used) == 0);
		MUST(ms_data_parse(back, used - 1, &used2, buf, n, base, NULL) == MS_ERR_SPACE);
		MUST(used2 == used);
	}
	err = ms_rsa_blob_split(&key, (const uint8_t *)text, len, &why);
	if (err != MS_OK)
		refused(err, &why);
	else
		MUST(key.e_octets > 0 && key.n_octets > 0 &&
			key.n + key.n_octets == (const uint8_t *)text + len);
	MUST(ms_rsa_keyid_text((const uint8_t *)text, len, buf, 16) < MS_RSA_KEYID_TEXT);
	free(out);
	free(back);
	free(buf);
}

static void fuzz_number(const char *text, size_t len, unsigned how)
{
	static const unsigned bases[] = { 0, 8, 10, 16 };
	static const uint64_t most[] = { UINT64_MAX, UINT32_MAX, 255, 0 };
	static const int formats[] = { 'o', 'd', 'x' };
	uint64_t n, again, max = most[(how >> 2) % 4];
	char buf[32];
	struct ms_why why = { "" };
	ms_err err = ms_number_parse(&n, text, len, bases[how % 4], max, &why);

	if (err != MS_OK) {
		refused(err, &why);
		return;
	}
	MUST(n <= max);
	ms_number_text(n, formats[how % 3], buf, sizeof buf);
	MUST(ms_number_parse(&again, buf, strlen(buf), 0, max, NULL) == MS_OK && again == n);
}

static void fuzz_protoport(const char *text, size_t len, unsigned how)
{
	char buf[MS_PROTOPORT_TEXT];
	struct ms_protoport p, again;
	struct ms_why why = { "" };
	ms_err err = ms_protoport_parse(&p, text, len, 0, &why);

	(void)how;
	if (err != MS_OK) {
		refused(err, &why);
		return;
	}
	PRINT(ms_protoport_text, &p, buf);
	MUST(ms_protoport_parse(&again, buf, strlen(buf), 0, NULL) == MS_OK);
	MUST(ms_protoport_eq(&p, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const targets[])(const char *, size_t, unsigned) = {
		fuzz_addr,
		fuzz_endpoint,
		fuzz_subnet,
		fuzz_range,
		fuzz_selector,
		fuzz_said,
		fuzz_data,
		fuzz_number,
		fuzz_protoport,
	};
	char *text;

	if (size < 2)
		return 0;
	text = malloc(size - 2 + (size == 2));
	MUST(text != NULL);
	memcpy(text, data + 2, size - 2);
	targets[data[0] % (sizeof targets / sizeof targets[0])](text, size - 2, data[1]);
	free(text);
	return 0;
}
