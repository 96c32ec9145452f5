/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/id/dn_i.h"

#include <ctype.h>
#include <string.h>

/* DER is built from its end towards its start, so that lengths are known when they are written. */
struct builder {
	uint8_t *buf;
	size_t at; /* first octet in use */
	bool full;
};

static void build(struct builder *b, const void *octets, size_t len)
{
	if (b->full || len > b->at) {
		b->full = true;
		return;
	}
	b->at -= len;
	memcpy(b->buf + b->at, octets, len);
}

static void build_head(struct builder *b, uint8_t tag, size_t len)
{
	uint8_t head[4] = { tag, (uint8_t)len };
	size_t n = 2;

	if (len >= 256) {
		head[1] = 0x82;
		head[2] = (uint8_t)(len >> 8);
		head[3] = (uint8_t)len;
		n = 4;
	} else if (len >= 128) {
		head[1] = 0x81;
		head[2] = (uint8_t)len;
		n = 3;
	}
	build(b, head, n);
}

static bool oid_of_number(const char *text, size_t len, uint8_t *oid, uint8_t *oid_len)
{
	unsigned long arc[2] = { 0, 0 }, n = 0;
	unsigned count = 0;
	uint8_t used = 0;

	for (size_t i = 0; i <= len; i++) {
		if (i < len && isdigit((unsigned char)text[i])) {
			n = n * 10 + (unsigned long)(text[i] - '0');
			if (n > 0xfffffff)
				return false;
			continue;
		}
		if ((i < len && text[i] != '.') || i == 0 || text[i - 1] == '.')
			return false;
		if (count < 2)
			arc[count] = n;
		if (count == 1)
			n += arc[0] * 40;
		if (count++ >= 1) {
			int shift = 28;

			while (shift > 0 && n >> shift == 0)
				shift -= 7;
			for (; shift >= 0; shift -= 7) {
				if (used == MAX_OID)
					return false;
				oid[used++] =
					(uint8_t)((n >> shift & 0x7f) | (shift > 0 ? 0x80 : 0));
			}
		}
		n = 0;
	}
	*oid_len = used;
	return count >= 2 && arc[0] <= 2 && (arc[0] == 2 || arc[1] < 40);
}

struct part {
	uint8_t oid[MAX_OID];
	uint8_t oid_len;
	bool ia5;
	const char *value; /* escaped text */
	size_t len;
	char end; /* what stood behind it: ',' '/' '+' or 0 */
};

static bool take_type(struct part *part, const char *name, size_t len)
{
	const struct dn_attribute *a = dn_attribute_of_name(name, len);

	part->ia5 = a != NULL && a->ia5;
	if (a != NULL) {
		memcpy(part->oid, a->oid, a->len);
		part->oid_len = a->len;
		return true;
	}
	return oid_of_number(name, len, part->oid, &part->oid_len);
}

static void trim(const char **text, size_t *len)
{
	while (*len > 0 && isspace((unsigned char)**text)) {
		(*text)++;
		(*len)--;
	}
	while (*len > 0 && isspace((unsigned char)(*text)[*len - 1]) &&
		(*len < 2 || (*text)[*len - 2] != '\\'))
		(*len)--;
}

/* A plus joins only when TYPE= follows it: O=A+B is a company. */
static bool joins(const char *text, size_t len)
{
	const char *eq = memchr(text, '=', len);
	struct part probe;
	size_t n;

	if (eq == NULL)
		return false;
	n = (size_t)(eq - text);
	trim(&text, &n);
	return take_type(&probe, text, n);
}

static ms_err next_part(
	const char **text, size_t *len, char separator, struct part *part, struct ms_why *why)
{
	const char *eq = memchr(*text, '=', *len);
	const char *type = *text;
	size_t n, i;

	if (eq == NULL)
		return ms_fail(why, MS_ERR_TEXT, "expected TYPE=VALUE in a distinguished name");
	n = (size_t)(eq - type);
	trim(&type, &n);
	if (!take_type(part, type, n))
		return ms_fail(why, MS_ERR_TEXT, "unknown type \"%.*s\" in a distinguished name",
			n > 40 ? 40 : (int)n, type);
	*len -= (size_t)(eq + 1 - *text);
	*text = eq + 1;
	for (i = 0; i < *len; i++) {
		if ((*text)[i] == '\\' && i + 1 < *len)
			i++;
		else if ((*text)[i] == separator ||
			 ((*text)[i] == '+' && joins(*text + i + 1, *len - i - 1)))
			break;
	}
	part->end = i < *len ? (*text)[i] : '\0';
	part->value = *text;
	part->len = i;
	trim(&part->value, &part->len);
	*text += i + (i < *len);
	*len -= i + (i < *len);
	if (part->len == 0)
		return ms_fail(why, MS_ERR_TEXT, "a part without value in a distinguished name");
	return MS_OK;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* RFC 4514 s3: \XX is an octet, \C the character; returns the octets written. */
static size_t unescape(const struct part *part, uint8_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < part->len; i++) {
		if (part->value[i] == '\\' && i + 1 < part->len) {
			int hi = hex_digit(part->value[i + 1]);
			int lo = i + 2 < part->len ? hex_digit(part->value[i + 2]) : -1;

			if (hi >= 0 && lo >= 0) {
				out[n++] = (uint8_t)(hi << 4 | lo);
				i += 2;
				continue;
			}
			i++;
		}
		out[n++] = (uint8_t)part->value[i];
	}
	return n;
}

/* Octets of "#0c0161"; 0: not hex. */
static size_t unhex(const struct part *part, uint8_t *out)
{
	if (part->len < 5 || part->len % 2 == 0)
		return 0;
	for (size_t i = 1; i < part->len; i += 2) {
		int hi = hex_digit(part->value[i]), lo = hex_digit(part->value[i + 1]);

		if (hi < 0 || lo < 0)
			return 0;
		out[i / 2] = (uint8_t)(hi << 4 | lo);
	}
	return part->len / 2;
}

static uint8_t string_tag(const struct part *part, const uint8_t *value, size_t len)
{
	bool printable = true, ascii = true;

	for (size_t i = 0; i < len; i++) {
		ascii &= value[i] < 0x80;
		printable &= value[i] < 0x80 &&
			     (isalnum(value[i]) || strchr(" '()+,-./:=?", value[i]) != NULL) &&
			     value[i] != 0;
	}
	if (part->ia5 && ascii)
		return DER_IA5;
	return printable ? DER_PRINTABLE : DER_UTF8;
}

static ms_err build_ava(struct builder *b, const struct part *part, struct ms_why *why)
{
	size_t end = b->at, len;
	uint8_t value[2048]; /* escaped, an octet takes three characters */

	if (part->len > sizeof value)
		return ms_fail(why, MS_ERR_LIMIT, "a distinguished name that is too long");
	if (part->value[0] == '#') {
		len = unhex(part, value);
		if (len == 0)
			return ms_fail(
				why, MS_ERR_TEXT, "expected hex behind # in a distinguished name");
		build(b, value, len);
	} else {
		len = unescape(part, value);
		build(b, value, len);
		build_head(b, string_tag(part, value, len), len);
	}
	build(b, part->oid, part->oid_len);
	build_head(b, DER_OID, part->oid_len);
	build_head(b, DER_SEQUENCE, end - b->at);
	return MS_OK;
}

/* X.690 s11.6: the members of a SET stand in ascending order. */
static void sort_set(struct ms_bytes *m, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		for (unsigned j = i; j > 0; j--) {
			size_t len = m[j].len < m[j - 1].len ? m[j].len : m[j - 1].len;
			int c = memcmp(m[j].ptr, m[j - 1].ptr, len);
			struct ms_bytes swap = m[j];

			if (c > 0 || (c == 0 && m[j].len >= m[j - 1].len))
				break;
			m[j] = m[j - 1];
			m[j - 1] = swap;
		}
	}
}

/* One relative name: its attributes are built apart, sorted, and put together. */
static ms_err parse_rdn(uint8_t *out, size_t cap, size_t *len_r, const char **text, size_t *len,
	char separator, struct ms_why *why)
{
	uint8_t room[1024];
	struct builder apart = { room, sizeof room, false }, b = { out, cap, false };
	struct ms_bytes members[MAX_SET];
	struct part part;
	unsigned n = 0;
	ms_err err;

	do {
		size_t end = apart.at;

		if (n == MAX_SET)
			return ms_fail(why, MS_ERR_LIMIT, "too many parts joined by +");
		err = next_part(text, len, separator, &part, why);
		if (err == MS_OK)
			err = build_ava(&apart, &part, why);
		if (err != MS_OK)
			return err;
		members[n++] = ms_bytes(room + apart.at, end - apart.at);
	} while (part.end == '+');
	if (part.end == separator && *len == 0)
		return ms_fail(why, MS_ERR_TEXT, "a distinguished name that ends in %c", separator);
	sort_set(members, n);
	for (unsigned i = n; i > 0; i--)
		build(&b, members[i - 1].ptr, members[i - 1].len);
	build_head(&b, DER_SET, cap - b.at);
	if (apart.full || b.full)
		return ms_fail(why, MS_ERR_LIMIT, "a distinguished name that is too long");
	*len_r = cap - b.at;
	memmove(out, out + b.at, *len_r);
	return MS_OK;
}

ms_err ms_dn_parse(
	uint8_t *out, size_t cap, size_t *len_r, const char *text, size_t len, struct ms_why *why)
{
	char separator = ',';
	struct builder head;
	uint8_t four[4];
	size_t used = 0, n;

	trim(&text, &len);
	if (len > 0 && *text == '/') {
		separator = '/';
		text++;
		len--;
	}
	do {
		ms_err err = parse_rdn(out + used, cap - used, &n, &text, &len, separator, why);

		if (err != MS_OK)
			return err;
		used += n;
	} while (len > 0);
	head = (struct builder){ four, sizeof four, false };
	build_head(&head, DER_SEQUENCE, used);
	n = sizeof four - head.at;
	if (used + n > cap)
		return ms_fail(why, MS_ERR_LIMIT, "a distinguished name that is too long");
	memmove(out + n, out, used);
	memcpy(out, four + head.at, n);
	*len_r = used + n;
	/* Hex values came in as they were: the whole must still be a name. */
	if (!ms_dn_text(ms_bytes(out, *len_r), NULL, 0, &n))
		return ms_fail(why, MS_ERR_TEXT, "hex that is no DER in a distinguished name");
	return MS_OK;
}
