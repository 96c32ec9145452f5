/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ranges of addresses, and "address, subnet or range" texts.
 */
#include <modswan/addr.h>

#include "lib/addr/text.h"

struct ms_range ms_range_of_subnet(const struct ms_subnet *s)
{
	return (struct ms_range){ .first = s->net, .last = ms_subnet_last(s) };
}

bool ms_range_eq(const struct ms_range *a, const struct ms_range *b)
{
	return ms_addr_eq(&a->first, &b->first) && ms_addr_eq(&a->last, &b->last);
}

bool ms_range_has(const struct ms_range *r, const struct ms_addr *a)
{
	return ms_addr_cmp(&r->first, a) <= 0 && ms_addr_cmp(a, &r->last) <= 0;
}

bool ms_range_contains(const struct ms_range *outer, const struct ms_range *inner)
{
	return ms_range_has(outer, &inner->first) && ms_range_has(outer, &inner->last);
}

bool ms_range_intersect(const struct ms_range *a, const struct ms_range *b, struct ms_range *out)
{
	struct ms_range r;

	r.first = ms_addr_cmp(&a->first, &b->first) >= 0 ? a->first : b->first;
	r.last = ms_addr_cmp(&a->last, &b->last) <= 0 ? a->last : b->last;
	if (a->first.family != b->first.family || ms_addr_cmp(&r.first, &r.last) > 0)
		return false;
	*out = r;
	return true;
}

ms_err ms_range_to_subnet(const struct ms_range *r, struct ms_subnet *out)
{
	unsigned bits, max = (unsigned)ms_addr_octets(&r->first) * 8;
	struct ms_subnet s;
	struct ms_range whole;

	/* the prefix that both ends share is the only one that can fit */
	for (bits = 0; bits < max; bits++) {
		if (!ms_addr_prefix_eq(&r->first, &r->last, bits + 1))
			break;
	}
	s = ms_subnet_make(&r->first, bits);
	whole = ms_range_of_subnet(&s);
	if (r->first.family == 0 || !ms_range_eq(r, &whole))
		return MS_ERR_RANGE;
	*out = s;
	return MS_OK;
}

static ms_err ends_parse(struct ms_asr *out, struct ms_slice whole, struct ms_slice first,
	struct ms_slice last, int family, unsigned flags, struct ms_why *why)
{
	struct ms_asr asr = { .kind = MS_ASR_RANGE };
	ms_err err;

	if (first.len == 0 || last.len == 0)
		return ms_text_fail(why, MS_ERR_TEXT, whole, "%s address of the range is missing",
			first.len == 0 ? "first" : "last");
	err = ms_addr_parse(&asr.range.first, first.p, first.len, family, flags, why);
	if (err == MS_OK)
		err = ms_addr_parse(&asr.range.last, last.p, last.len, family, flags, why);
	if (err != MS_OK)
		return err;
	if (asr.range.first.family != asr.range.last.family)
		return ms_text_fail(
			why, MS_ERR_TEXT, whole, "both ends of a range must be IPv4, or both IPv6");
	if (ms_addr_cmp(&asr.range.first, &asr.range.last) > 0)
		return ms_text_fail(why, MS_ERR_RANGE, whole, "the range ends before it begins");
	*out = asr;
	return MS_OK;
}

static ms_err subnet_or_addr(
	struct ms_asr *out, struct ms_slice s, int family, unsigned flags, struct ms_why *why)
{
	struct ms_subnet net;
	struct ms_addr a;
	bool subnet = ms_slice_is(s, "%default") || ms_slice_find(s, "/") < s.len;
	ms_err err;

	if (subnet) {
		err = ms_subnet_parse(&net, s.p, s.len, family, flags, why);
	} else {
		err = ms_addr_parse(&a, s.p, s.len, family, flags, why);
		if (err == MS_OK)
			net = ms_subnet_host(&a);
	}
	if (err != MS_OK)
		return err;
	out->kind = subnet ? MS_ASR_SUBNET : MS_ASR_ADDR;
	out->bits = net.bits;
	out->range = ms_range_of_subnet(&net);
	return MS_OK;
}

ms_err ms_asr_parse(struct ms_asr *out, const char *text, size_t len, int family, unsigned flags,
	struct ms_why *why)
{
	struct ms_slice s = ms_slice(text, len);
	size_t i;
	ms_err err;

	err = ms_text_check(s, "an address, a subnet or a range", why);
	if (err != MS_OK)
		return err;
	flags &= ~(unsigned)MS_TEXT_SHORT;
	i = ms_slice_find(s, "...");
	if (i < s.len)
		return ends_parse(
			out, s, ms_slice_upto(s, i), ms_slice_from(s, i + 3), family, flags, why);
	i = ms_slice_find(s, "-");
	/* gw-east is a name, not a range */
	if (i < s.len && (i == 0 || ms_addr_looks_numeric(ms_slice_upto(s, i))))
		return ends_parse(out, s, ms_slice_upto(s, i), ms_slice_from(s, i + 1), family,
			flags & ~(unsigned)MS_TEXT_DNS, why);
	return subnet_or_addr(out, s, family, flags, why);
}

ms_err ms_range_parse(
	struct ms_range *out, const char *text, size_t len, int family, struct ms_why *why)
{
	struct ms_asr asr;
	ms_err err = ms_asr_parse(&asr, text, len, family, MS_TEXT_NUMERIC, why);

	if (err == MS_OK)
		*out = asr.range;
	return err;
}

size_t ms_range_text(const struct ms_range *r, char *buf, size_t size)
{
	struct ms_out o = ms_out_begin(buf, size);
	char text[MS_ADDR_TEXT];

	ms_addr_text(&r->first, text, sizeof text);
	ms_out_str(&o, text);
	ms_out_char(&o, '-');
	ms_addr_text(&r->last, text, sizeof text);
	ms_out_str(&o, text);
	return ms_out_end(&o);
}
