/* SPDX-License-Identifier: Apache-2.0 */
#include <modswan/addr.h>
#include <modswan/text.h>

#include "lib/addr/text.h"

#include <string.h>

static unsigned max_bits(int family)
{
	return family == AF_INET ? 32 : family == AF_INET6 ? 128 : 0;
}

/* The mask octet at `i` of a prefix of `bits`. */
static uint8_t mask_octet(unsigned bits, size_t i)
{
	if (bits >= 8 * (i + 1))
		return 0xff;
	return bits <= 8 * i ? 0 : (uint8_t)(0xff << (8 - bits % 8));
}

struct ms_addr ms_mask_of_bits(int family, unsigned bits)
{
	struct ms_addr mask = ms_addr_any(family);
	size_t i;

	for (i = 0; i < ms_addr_octets(&mask); i++)
		mask.b[i] = mask_octet(bits, i);
	return mask;
}

ms_err ms_mask_to_bits(const struct ms_addr *mask, unsigned *bits)
{
	unsigned n = 0;
	struct ms_addr want;

	while (n < max_bits(mask->family) && (mask->b[n / 8] & 0x80 >> n % 8) != 0)
		n++;
	want = ms_mask_of_bits(mask->family, n);
	if (!ms_addr_eq(mask, &want))
		return MS_ERR_RANGE;
	*bits = n;
	return MS_OK;
}

struct ms_addr ms_addr_host_part(const struct ms_addr *a, unsigned bits)
{
	struct ms_addr host = *a;
	size_t i;

	for (i = 0; i < ms_addr_octets(a); i++)
		host.b[i] &= (uint8_t)~mask_octet(bits, i);
	return host;
}

struct ms_subnet ms_subnet_make(const struct ms_addr *a, unsigned bits)
{
	struct ms_subnet s = { .net = ms_addr_any(a->family) };
	size_t i;

	s.bits = (uint8_t)(bits < max_bits(a->family) ? bits : max_bits(a->family));
	for (i = 0; i < ms_addr_octets(a); i++)
		s.net.b[i] = a->b[i] & mask_octet(s.bits, i);
	return s;
}

struct ms_subnet ms_subnet_host(const struct ms_addr *a)
{
	return ms_subnet_make(a, max_bits(a->family));
}

bool ms_subnet_eq(const struct ms_subnet *a, const struct ms_subnet *b)
{
	return a->bits == b->bits && ms_addr_eq(&a->net, &b->net);
}

bool ms_subnet_has(const struct ms_subnet *s, const struct ms_addr *a)
{
	return ms_addr_prefix_eq(&s->net, a, s->bits);
}

bool ms_subnet_contains(const struct ms_subnet *outer, const struct ms_subnet *inner)
{
	return outer->bits <= inner->bits && ms_subnet_has(outer, &inner->net);
}

bool ms_subnet_is_host(const struct ms_subnet *s)
{
	return s->net.family != 0 && s->bits == max_bits(s->net.family);
}

struct ms_addr ms_subnet_mask(const struct ms_subnet *s)
{
	return ms_mask_of_bits(s->net.family, s->bits);
}

struct ms_addr ms_subnet_last(const struct ms_subnet *s)
{
	struct ms_addr last = s->net;
	size_t i;

	for (i = 0; i < ms_addr_octets(&last); i++)
		last.b[i] |= (uint8_t)~mask_octet(s->bits, i);
	return last;
}

static ms_err bits_parse(
	struct ms_slice whole, struct ms_slice s, int family, unsigned *bits, struct ms_why *why)
{
	struct ms_addr mask;
	uint64_t n;

	if (s.len == 0)
		return ms_text_fail(why, MS_ERR_TEXT, whole, "prefix length missing after '/'");
	if (ms_slice_only(s, "0123456789")) {
		if (ms_number_parse(&n, s.p, s.len, 10, max_bits(family), NULL) != MS_OK)
			return ms_text_fail(why, MS_ERR_RANGE, whole,
				"prefix length above %u, the most for %s", max_bits(family),
				family == AF_INET ? "IPv4" : "IPv6");
		*bits = (unsigned)n;
		return MS_OK;
	}
	if (family == AF_INET6)
		return ms_text_fail(why, MS_ERR_TEXT, whole,
			"an IPv6 subnet needs a prefix length 0 to 128 after '/'");
	if (ms_addr_parse(&mask, s.p, s.len, AF_INET, MS_TEXT_NUMERIC, NULL) != MS_OK)
		return ms_text_fail(why, MS_ERR_TEXT, whole,
			"neither a prefix length 0 to 32 nor an IPv4 mask after '/'");
	if (ms_mask_to_bits(&mask, bits) != MS_OK)
		return ms_text_fail(why, MS_ERR_RANGE, whole,
			"subnet mask is not contiguous: zeros before ones");
	return MS_OK;
}

/* The part before '/'.  "0" and "0:0" (as eroute listings of the family show it) do for "::" when
 * the prefix is empty. */
static ms_err net_parse(struct ms_addr *net, struct ms_slice s, bool zero_bits, int family,
	unsigned flags, struct ms_why *why)
{
	if (zero_bits && ((family == AF_INET6 && ms_slice_is(s, "0")) ||
				 (family != AF_INET && ms_slice_is(s, "0:0")))) {
		*net = ms_addr_any(AF_INET6);
		return MS_OK;
	}
	return ms_addr_parse(net, s.p, s.len, family, flags | MS_TEXT_SHORT, why);
}

ms_err ms_subnet_parse(struct ms_subnet *out, const char *text, size_t len, int family,
	unsigned flags, struct ms_why *why)
{
	struct ms_slice s = ms_slice(text, len), mask;
	struct ms_addr net;
	unsigned bits = 0;
	size_t slash;
	ms_err err;

	err = ms_text_check(s, "ADDRESS/BITS, ADDRESS/MASK or %default", why);
	if (err != MS_OK)
		return err;
	if (ms_slice_is(s, "%default")) {
		net = ms_addr_any(family == AF_INET6 ? AF_INET6 : AF_INET);
		*out = ms_subnet_make(&net, 0);
		return MS_OK;
	}
	slash = ms_slice_find(s, "/");
	if (slash == s.len)
		return ms_text_fail(why, MS_ERR_TEXT, s,
			"no '/': ADDRESS/BITS, ADDRESS/MASK or %%default was expected");
	mask = ms_slice_from(s, slash + 1);
	err = net_parse(&net, ms_slice_upto(s, slash), ms_slice_is(mask, "0"), family, flags, why);
	if (err == MS_OK)
		err = bits_parse(s, mask, net.family, &bits, why);
	if (err == MS_OK)
		*out = ms_subnet_make(&net, bits);
	return err;
}

ms_err ms_subnet_port_parse(struct ms_subnet *out, uint16_t *port, const char *text, size_t len,
	int family, unsigned flags, struct ms_why *why)
{
	struct ms_slice s = ms_slice(text, len), tail = { NULL, 0 };
	struct ms_subnet net;
	uint64_t n = 0;
	size_t slash = ms_slice_find(s, "/"), colon = s.len;
	ms_err err;

	if (slash < s.len) {
		tail = ms_slice_from(s, slash);
		colon = slash + ms_slice_find(tail, ":");
	} else if (ms_slice_starts(s, "%default:")) {
		colon = strlen("%default");
	}
	err = ms_subnet_parse(&net, s.p, colon, family, flags, why);
	if (err == MS_OK && colon < s.len) {
		tail = ms_slice_from(s, colon + 1);
		if (tail.len == 0)
			return ms_text_fail(why, MS_ERR_TEXT, s, "port missing after ':'");
		err = ms_number_parse(&n, tail.p, tail.len, 0, UINT16_MAX, why);
	}
	if (err == MS_OK) {
		*out = net;
		*port = (uint16_t)n;
	}
	return err;
}

size_t ms_subnet_text(const struct ms_subnet *s, char *buf, size_t size)
{
	char net[MS_ADDR_TEXT];
	struct ms_out o = ms_out_begin(buf, size);

	ms_addr_text(&s->net, net, sizeof net);
	ms_out_str(&o, net);
	ms_out_char(&o, '/');
	ms_out_uint(&o, s->bits, 10, 0);
	return ms_out_end(&o);
}

size_t ms_subnet_mask_text(const struct ms_subnet *s, char *buf, size_t size)
{
	struct ms_out o = ms_out_begin(buf, size);
	struct ms_addr mask = ms_subnet_mask(s);
	char text[MS_ADDR_TEXT];

	if (s->net.family != AF_INET)
		return ms_subnet_text(s, buf, size);
	ms_addr_text(&s->net, text, sizeof text);
	ms_out_str(&o, text);
	ms_out_char(&o, '/');
	ms_addr_text(&mask, text, sizeof text);
	ms_out_str(&o, text);
	return ms_out_end(&o);
}
