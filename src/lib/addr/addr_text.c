/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text forms of addresses.
 *
 * Read: dotted decimal, in which leading zeros mean nothing (the family never took them for octal);
 * 0xHEX8, the address as one hexadecimal number in network order; 0hHEX8, the same in the order of
 * this machine, as /proc/net/route prints it; IPv6 with "::" and with a dotted quad at its end.
 * FreeS/WAN refused that quad; RFC 4291 s2.2 wants it read.
 *
 * Written: IPv6 as RFC 5952 says: lower case, no leading zeros, the first longest run of two or
 * more zero groups as "::", and a quad for the IPv4-mapped prefix only (s5).
 */
#include <modswan/addr.h>

#include "lib/addr/text.h"

#include <string.h>

static ms_err quad_parse(struct ms_slice s, unsigned min_parts, uint8_t b[4], struct ms_why *why)
{
	unsigned part = 0, digits = 0, value = 0;
	size_t i;

	memset(b, 0, 4);
	for (i = 0; i <= s.len; i++) {
		if (i == s.len || s.p[i] == '.') {
			if (digits == 0)
				return ms_text_fail(why, MS_ERR_TEXT, s,
					"part %u of the dotted address is empty", part + 1);
			b[part++] = (uint8_t)value;
			if (i < s.len && part == 4)
				return ms_text_fail(why, MS_ERR_TEXT, s,
					"more than four parts in a dotted address");
			digits = value = 0;
			continue;
		}
		if (ms_digit(s.p[i]) > 9)
			return ms_text_fail(why, MS_ERR_TEXT, s,
				"bad character at position %zu of a dotted decimal address", i + 1);
		value = value * 10 + ms_digit(s.p[i]);
		if (++digits > 3 || value > 255)
			return ms_text_fail(why, MS_ERR_RANGE, s,
				"part %u of the dotted address is not 0 to 255 in at most 3 digits",
				part + 1);
	}
	if (part < min_parts)
		return ms_text_fail(why, MS_ERR_TEXT, s,
			"%u part%s where a dotted address with four was expected", part,
			part == 1 ? "" : "s");
	return MS_OK;
}

static ms_err hex8_parse(struct ms_slice s, uint8_t b[4], struct ms_why *why)
{
	uint32_t n = 0;
	size_t i;

	if (s.len != 10)
		return ms_text_fail(why, MS_ERR_TEXT, s,
			"%zu hexadecimal digits where an IPv4 address needs 8", s.len - 2);
	for (i = 2; i < s.len; i++)
		n = n << 4 | ms_digit(s.p[i]);
	if (s.p[1] == 'h') {
		memcpy(b, &n, 4);
	} else {
		struct ms_addr a = ms_addr_v4(n);

		memcpy(b, a.b, 4);
	}
	return MS_OK;
}

/* Groups of an IPv6 address while it is read. */
struct groups {
	uint16_t g[8];
	int count;
	int gap; /* where "::" stands, or -1 */
};

static ms_err v6_group(struct ms_slice s, size_t *pos, struct groups *to, struct ms_why *why)
{
	size_t i = *pos, n;
	unsigned value = 0;
	uint8_t quad[4];
	ms_err err;

	for (n = 0; i + n < s.len && ms_digit(s.p[i + n]) < 16; n++) {
		if (n == 4)
			return ms_text_fail(why, MS_ERR_TEXT, s,
				"group %d of the IPv6 address has more than four digits",
				to->count + 1);
		value = value << 4 | ms_digit(s.p[i + n]);
	}
	if (i + n < s.len && s.p[i + n] == '.' && to->count <= 6) {
		err = quad_parse(ms_slice_from(s, i), 4, quad, why);
		if (err != MS_OK)
			return err;
		to->g[to->count++] = (uint16_t)(quad[0] << 8 | quad[1]);
		to->g[to->count++] = (uint16_t)(quad[2] << 8 | quad[3]);
		*pos = s.len;
		return MS_OK;
	}
	if (n == 0)
		return ms_text_fail(why, MS_ERR_TEXT, s,
			"a group of hexadecimal digits was expected at position %zu", i + 1);
	if (to->count == 8)
		return ms_text_fail(
			why, MS_ERR_TEXT, s, "more than eight groups in an IPv6 address");
	to->g[to->count++] = (uint16_t)value;
	*pos = i + n;
	return MS_OK;
}

/* After a group: the end, ':' or '::'. */
static ms_err v6_colon(struct ms_slice s, size_t *pos, struct groups *to, struct ms_why *why)
{
	size_t i = *pos;

	if (i == s.len)
		return MS_OK;
	if (s.p[i] != ':')
		return ms_text_fail(why, MS_ERR_TEXT, s,
			"bad character at position %zu of an IPv6 address", i + 1);
	if (++i == s.len)
		return ms_text_fail(why, MS_ERR_TEXT, s, "IPv6 address ends with a single ':'");
	if (s.p[i] == ':') {
		if (to->gap >= 0)
			return ms_text_fail(why, MS_ERR_TEXT, s, "two '::' in an IPv6 address");
		to->gap = to->count;
		i++;
	}
	*pos = i;
	return MS_OK;
}

static ms_err v6_parse(struct ms_slice s, uint8_t b[16], struct ms_why *why)
{
	struct groups to = { .gap = -1 };
	size_t pos = 0;
	int i, tail;
	ms_err err = MS_OK;

	if (ms_slice_starts(s, "::")) {
		to.gap = 0;
		pos = 2;
	}
	while (pos < s.len && err == MS_OK) {
		err = v6_group(s, &pos, &to, why);
		if (err == MS_OK)
			err = v6_colon(s, &pos, &to, why);
	}
	if (err != MS_OK)
		return err;
	if (to.gap < 0 && to.count < 8)
		return ms_text_fail(why, MS_ERR_TEXT, s,
			"%d groups where an IPv6 address has eight or a '::'", to.count);
	if (to.gap >= 0 && to.count > 7)
		return ms_text_fail(why, MS_ERR_TEXT, s, "'::' stands for no group here");
	memset(b, 0, 16);
	tail = to.gap < 0 ? 8 : to.gap;
	for (i = 0; i < to.count; i++) {
		int at = i < tail ? i : 8 - to.count + i;

		b[2 * at] = (uint8_t)(to.g[i] >> 8);
		b[2 * at + 1] = (uint8_t)to.g[i];
	}
	return MS_OK;
}

static bool looks_hex8(struct ms_slice s)
{
	return (ms_slice_starts(s, "0x") || ms_slice_starts(s, "0h")) &&
	       ms_slice_only(ms_slice_from(s, 2), "0123456789abcdefABCDEF");
}

bool ms_addr_looks_numeric(struct ms_slice s)
{
	return ms_slice_find(s, ":") < s.len || ms_slice_only(s, "0123456789.") || looks_hex8(s);
}

ms_err ms_addr_parse(struct ms_addr *out, const char *text, size_t len, int family, unsigned flags,
	struct ms_why *why)
{
	static const char *const wanted[] = { "an IP address", "an IPv4 address",
		"an IPv6 address" };
	const char *what = wanted[family == AF_INET ? 1 : family == AF_INET6 ? 2 : 0];
	struct ms_slice s = ms_slice(text, len);
	struct ms_addr a = { 0 };
	ms_err err;

	err = ms_text_check(s, what, why);
	if (err != MS_OK)
		return err;
	if (!ms_addr_looks_numeric(s)) {
		if ((flags & MS_TEXT_DNS) != 0)
			return ms_addr_lookup(out, s, family, why);
		return ms_text_fail(why, MS_ERR_TEXT, s,
			"does not look numeric and name lookup not allowed; %s was expected", what);
	}
	a.family = ms_slice_find(s, ":") < s.len ? AF_INET6 : AF_INET;
	if (family != 0 && family != a.family)
		return ms_text_fail(why, MS_ERR_TEXT, s, "%s address where %s was expected",
			a.family == AF_INET6 ? "IPv6" : "IPv4", what);
	if (a.family == AF_INET6)
		err = v6_parse(s, a.b, why);
	else if (looks_hex8(s))
		err = hex8_parse(s, a.b, why);
	else
		err = quad_parse(s, (flags & MS_TEXT_SHORT) != 0 ? 1 : 4, a.b, why);
	if (err == MS_OK)
		*out = a;
	return err;
}

static void out_quad(struct ms_out *o, const uint8_t *b)
{
	int i;

	for (i = 0; i < 4; i++) {
		if (i > 0)
			ms_out_char(o, '.');
		ms_out_uint(o, b[i], 10, 0);
	}
}

static unsigned group(const struct ms_addr *a, int i)
{
	return (unsigned)a->b[2 * i] << 8 | a->b[2 * i + 1];
}

/* First longest run of zero groups: its start; its length, 0 when none is worth "::". */
static int zero_run(const struct ms_addr *a, int *length)
{
	int i, start = 0, best = 0, run = 0;

	for (i = 0; i < 8; i++) {
		run = group(a, i) == 0 ? run + 1 : 0;
		if (run > best) {
			best = run;
			start = i + 1 - run;
		}
	}
	*length = best >= 2 ? best : 0;
	return start;
}

static void out_v6(struct ms_out *o, const struct ms_addr *a, bool compress)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	int i, start = 0, length = 0;

	if (compress && memcmp(a->b, mapped, sizeof mapped) == 0) {
		ms_out_str(o, "::ffff:");
		out_quad(o, a->b + 12);
		return;
	}
	if (compress)
		start = zero_run(a, &length);
	for (i = 0; i < 8; i++) {
		if (length > 0 && i == start) {
			ms_out_str(o, "::");
			i += length - 1;
			continue;
		}
		if (i > 0 && !(length > 0 && i == start + length))
			ms_out_char(o, ':');
		ms_out_uint(o, group(a, i), 16, 0);
	}
}

static size_t addr_text(const struct ms_addr *a, bool compress, char *buf, size_t size)
{
	struct ms_out o = ms_out_begin(buf, size);

	if (a->family == AF_INET)
		out_quad(&o, a->b);
	else if (a->family == AF_INET6)
		out_v6(&o, a, compress);
	else
		ms_out_str(&o, "%unset");
	return ms_out_end(&o);
}

size_t ms_addr_text(const struct ms_addr *a, char *buf, size_t size)
{
	return addr_text(a, true, buf, size);
}

size_t ms_addr_long_text(const struct ms_addr *a, char *buf, size_t size)
{
	return addr_text(a, false, buf, size);
}

size_t ms_addr_reverse_text(const struct ms_addr *a, char *buf, size_t size)
{
	struct ms_out o = ms_out_begin(buf, size);
	size_t i;

	for (i = ms_addr_octets(a); i > 0; i--) {
		if (a->family == AF_INET) {
			ms_out_uint(&o, a->b[i - 1], 10, 0);
		} else {
			ms_out_uint(&o, a->b[i - 1] & 15, 16, 0);
			ms_out_char(&o, '.');
			ms_out_uint(&o, a->b[i - 1] >> 4, 16, 0);
		}
		ms_out_char(&o, '.');
	}
	if (a->family != 0)
		ms_out_str(&o, a->family == AF_INET ? "in-addr.arpa." : "ip6.arpa.");
	return ms_out_end(&o);
}
