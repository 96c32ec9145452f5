/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binary data as text: keys, secrets, IVs.  Strict, so that a damaged key is refused and not
 * shortened: whole octets, padded base64 whose unused bits are zero (RFC 4648 s3.5), nothing
 * behind the end.  No message ever shows a character of the data; it names positions.
 */
#include <modswan/addr.h>

#include "lib/addr/text.h"

#include <string.h>

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Octets on their way out: counted always, kept while there is room. */
struct sink {
	uint8_t *out;
	size_t cap, count;
};

static void put(struct sink *to, unsigned octet)
{
	if (to->count < to->cap)
		to->out[to->count] = (uint8_t)octet;
	to->count++;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static ms_err bad_char(struct ms_why *why, size_t start, size_t i, const char *wanted)
{
	return ms_fail(why, MS_ERR_TEXT,
		"bad character at position %zu of the data; %s was expected", start + i + 1,
		wanted);
}

static ms_err hex_parse(
	struct sink *to, struct ms_slice s, size_t start, bool blanks, struct ms_why *why)
{
	bool joined = true; /* '_' may not come first, last or twice */
	unsigned high = 0, digits = 0;
	size_t i;

	for (i = 0; i < s.len; i++) {
		unsigned d = ms_digit(s.p[i]);

		if (blanks && is_blank(s.p[i]))
			continue;
		if (s.p[i] == '_' && digits % 2 == 0 && !joined) {
			joined = true;
			continue;
		}
		if (d > 15)
			return bad_char(why, start, i,
				s.p[i] == '_' ? "one '_' between octets" : "a hexadecimal digit");
		joined = false;
		if (digits++ % 2 == 0)
			high = d;
		else
			put(to, high << 4 | d);
	}
	if (digits % 2 != 0)
		return ms_fail(why, MS_ERR_TEXT,
			"hexadecimal data ends in the middle of an octet (%u digits)", digits);
	if (joined && digits > 0)
		return ms_fail(why, MS_ERR_TEXT, "'_' at the end of hexadecimal data");
	return MS_OK;
}

static unsigned sextet(char c)
{
	const char *at = c != '\0' ? strchr(base64, c) : NULL;

	return at != NULL ? (unsigned)(at - base64) : 255;
}

/* Four characters of which `pad` were '='. */
static ms_err quartet(struct sink *to, uint32_t bits, unsigned pad, struct ms_why *why)
{
	static const uint32_t unused[] = { 0, 0xff, 0xffff };
	unsigned i;

	if ((bits & unused[pad]) != 0)
		return ms_fail(
			why, MS_ERR_TEXT, "unused bits before the base64 padding are not zero");
	for (i = 0; i < 3 - pad; i++)
		put(to, bits >> (16 - 8 * i) & 0xff);
	return MS_OK;
}

static ms_err base64_parse(
	struct sink *to, struct ms_slice s, size_t start, bool blanks, struct ms_why *why)
{
	unsigned have = 0, pad = 0;
	uint32_t bits = 0;
	bool ended = false;
	ms_err err;
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (blanks && is_blank(s.p[i]))
			continue;
		if (ended)
			return ms_fail(why, MS_ERR_TEXT,
				"base64 data goes on behind its padding at position %zu",
				start + i + 1);
		if (s.p[i] == '=' && have >= 2) {
			pad++;
			bits <<= 6;
		} else if (sextet(s.p[i]) < 64 && pad == 0) {
			bits = bits << 6 | sextet(s.p[i]);
		} else {
			return bad_char(why, start, i, pad > 0 ? "'='" : "a base64 character");
		}
		if (++have == 4) {
			err = quartet(to, bits, pad, why);
			if (err != MS_OK)
				return err;
			ended = pad > 0;
			have = 0;
			bits = 0;
		}
	}
	if (have != 0)
		return ms_fail(why, MS_ERR_TEXT,
			"base64 data ends in a group of %u characters, not of 4 with '='", have);
	return MS_OK;
}

static ms_err text_parse(struct sink *to, struct ms_slice s, size_t start, struct ms_why *why)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c == 0x7f)
			return bad_char(why, start, i, "text without control characters");
		put(to, c);
	}
	return MS_OK;
}

/* Takes the prefix off; 0 when there is none that says the base. */
static unsigned prefix_base(struct ms_slice *s)
{
	static const struct {
		const char *prefix;
		unsigned base;
	} prefixes[] = {
		{ "0x", 16 },
		{ "0X", 16 },
		{ "0s", 64 },
		{ "0S", 64 },
		{ "0t", 256 },
		{ "0T", 256 },
	};
	size_t i;

	for (i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
		if (ms_slice_starts(*s, prefixes[i].prefix)) {
			*s = ms_slice_from(*s, 2);
			return prefixes[i].base;
		}
	}
	return 0;
}

static ms_err decode(
	struct sink *to, struct ms_slice s, unsigned base, bool blanks, struct ms_why *why)
{
	size_t len = s.len, start;

	if (base == 0) {
		base = prefix_base(&s);
		if (base == 0)
			return ms_fail(why, MS_ERR_TEXT,
				"data must begin with 0x (hexadecimal), 0s (base64) or 0t (text)");
	} else if (base == 16 && (ms_slice_starts(s, "0x") || ms_slice_starts(s, "0X"))) {
		s = ms_slice_from(s, 2);
	}
	start = len - s.len;
	switch (base) {
	case 16:
		return hex_parse(to, s, start, blanks, why);
	case 64:
		return base64_parse(to, s, start, blanks, why);
	case 256:
		return text_parse(to, s, start, why);
	default:
		return ms_fail(why, MS_ERR_BUG, "data base %u", base);
	}
}

ms_err ms_data_parse(uint8_t *out, size_t cap, size_t *used_r, const char *text, size_t len,
	unsigned base, struct ms_why *why)
{
	struct sink to = { .out = out, .cap = cap };
	ms_err err;

	err = decode(&to, ms_slice(text, len), base & ~MS_DATA_BLANKS, (base & MS_DATA_BLANKS) != 0,
		why);
	if (err == MS_OK && to.count == 0)
		err = ms_fail(why, MS_ERR_TEXT, "no data: at least one octet was expected");
	if (err == MS_OK && to.count > cap)
		err = ms_fail(why, MS_ERR_SPACE,
			"%zu octets of data where at most %zu were expected", to.count, cap);
	if (err != MS_OK && cap > 0)
		explicit_bzero(out, cap);
	if (err == MS_OK || err == MS_ERR_SPACE)
		*used_r = to.count;
	return err;
}

static void out_hex(struct ms_out *o, const uint8_t *data, size_t len, char between, size_t every)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (i > 0 && every > 0 && i % every == 0)
			ms_out_char(o, between);
		ms_out_uint(o, data[i], 16, 2);
	}
}

static void out_base64(struct ms_out *o, const uint8_t *data, size_t len)
{
	size_t i, k, left;

	for (i = 0; i < len; i += 3) {
		uint32_t bits = 0;

		left = len - i < 3 ? len - i : 3;
		for (k = 0; k < 3; k++)
			bits = bits << 8 | (k < left ? data[i + k] : 0);
		for (k = 0; k < 4; k++)
			ms_out_char(o, k <= left ? base64[bits >> (18 - 6 * k) & 63] : '=');
	}
}

size_t ms_data_text(const uint8_t *data, size_t len, int format, char *buf, size_t size)
{
	struct ms_out o = ms_out_begin(buf, size);

	switch (format) {
	case 'x':
		ms_out_str(&o, "0x");
		out_hex(&o, data, len, 0, 0);
		break;
	case 'h':
		ms_out_str(&o, "0x");
		out_hex(&o, data, len, '_', 4);
		break;
	case ':':
		out_hex(&o, data, len, ':', 1);
		break;
	case 16:
		out_hex(&o, data, len, 0, 0);
		break;
	case 's':
		ms_out_str(&o, "0s");
		out_base64(&o, data, len);
		break;
	case 64:
		out_base64(&o, data, len);
		break;
	default:
		break;
	}
	return ms_out_end(&o);
}
