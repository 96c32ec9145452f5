/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traffic selectors.  Ports first > last mean OPAQUE (RFC 7296 s3.13.1: 65535 to 0): only packets
 * whose ports cannot be read.  ANY includes them, a port or a range of ports does not (RFC 4301
 * s4.4.1.1).
 */
#include <modswan/addr.h>
#include <modswan/text.h>

#include "lib/addr/text.h"

static bool all_ports(const struct ms_selector *s)
{
	return s->port_first == 0 && s->port_last == UINT16_MAX;
}

static bool opaque_ports(const struct ms_selector *s)
{
	return s->port_first > s->port_last;
}

struct ms_selector ms_selector_of_subnet(const struct ms_subnet *s)
{
	return (struct ms_selector){ .range = ms_range_of_subnet(s), .port_last = UINT16_MAX };
}

bool ms_selector_eq(const struct ms_selector *a, const struct ms_selector *b)
{
	if (a->protocol != b->protocol || !ms_range_eq(&a->range, &b->range))
		return false;
	if (opaque_ports(a) && opaque_ports(b))
		return true;
	return a->port_first == b->port_first && a->port_last == b->port_last;
}

static bool ports_contain(const struct ms_selector *outer, const struct ms_selector *inner)
{
	if (all_ports(outer))
		return true;
	if (opaque_ports(outer) || opaque_ports(inner))
		return opaque_ports(outer) && opaque_ports(inner);
	return outer->port_first <= inner->port_first && inner->port_last <= outer->port_last;
}

bool ms_selector_contains(const struct ms_selector *outer, const struct ms_selector *inner)
{
	return (outer->protocol == 0 || outer->protocol == inner->protocol) &&
	       ports_contain(outer, inner) && ms_range_contains(&outer->range, &inner->range);
}

bool ms_selector_intersect(
	const struct ms_selector *a, const struct ms_selector *b, struct ms_selector *out)
{
	struct ms_selector r;

	if (a->protocol != 0 && b->protocol != 0 && a->protocol != b->protocol)
		return false;
	if (!ms_range_intersect(&a->range, &b->range, &r.range))
		return false;
	r.protocol = a->protocol != 0 ? a->protocol : b->protocol;
	if (ports_contain(a, b)) {
		r.port_first = b->port_first;
		r.port_last = b->port_last;
	} else if (ports_contain(b, a)) {
		r.port_first = a->port_first;
		r.port_last = a->port_last;
	} else {
		r.port_first = a->port_first > b->port_first ? a->port_first : b->port_first;
		r.port_last = a->port_last < b->port_last ? a->port_last : b->port_last;
		if (opaque_ports(a) || opaque_ports(b) || r.port_first > r.port_last)
			return false;
	}
	*out = r;
	return true;
}

/* "10.1.0.0/16/tcp/25": the slash after a subnet's address belongs to the subnet.  An address or a
 * range has none, so there the first slash ends it: "10.1.2.3/tcp". */
static size_t range_end(struct ms_slice s)
{
	size_t slash = ms_slice_find(s, "/");
	struct ms_slice rest = ms_slice_from(s, slash + 1);
	size_t second = ms_slice_find(rest, "/");
	struct ms_slice word = ms_slice_upto(rest, second);

	if (ms_slice_is(ms_slice_upto(s, slash), "%default"))
		return slash;
	if (slash == s.len || ms_slice_find(ms_slice_upto(s, slash), "-") < slash)
		return slash;
	/* a name cannot be a prefix length or mask; a number first is one */
	if (word.len > 0 && ms_digit(word.p[0]) > 9)
		return slash;
	return slash + 1 + second;
}

static ms_err opaque_parse(
	struct ms_selector *sel, struct ms_slice s, unsigned flags, struct ms_why *why)
{
	ms_err err = ms_protocol_parse(&sel->protocol, s.p, ms_slice_find(s, "/"), flags, why);

	if (err != MS_OK)
		return err;
	if (!ms_protocol_has_ports(sel->protocol))
		return ms_text_fail(
			why, MS_ERR_RANGE, s, "protocol %u has no ports", sel->protocol);
	sel->port_first = MS_PORT_OPAQUE_FIRST;
	sel->port_last = MS_PORT_OPAQUE_LAST;
	return MS_OK;
}

ms_err ms_selector_parse(struct ms_selector *out, const char *text, size_t len, int family,
	unsigned flags, struct ms_why *why)
{
	struct ms_slice s = ms_slice(text, len), pp;
	struct ms_selector sel = { .port_last = UINT16_MAX };
	struct ms_protoport p;
	struct ms_asr asr;
	size_t end;
	ms_err err;

	err = ms_text_check(s, "RANGE[/PROTOCOL[/PORT]]", why);
	if (err != MS_OK)
		return err;
	end = range_end(s);
	err = ms_asr_parse(&asr, s.p, end, family, flags, why);
	if (err != MS_OK)
		return err;
	sel.range = asr.range;
	if (end < s.len) {
		pp = ms_slice_from(s, end + 1);
		if (ms_slice_is(ms_slice_from(pp, ms_slice_find(pp, "/")), "/%opaque")) {
			err = opaque_parse(&sel, pp, flags, why);
		} else {
			err = ms_protoport_parse(&p, pp.p, pp.len, flags, why);
			if (err == MS_OK && p.port_wild)
				err = ms_text_fail(why, MS_ERR_TEXT, s,
					"%%any is a port that the peer chooses; a selector needs "
					"numbers");
			if (err == MS_OK) {
				sel.protocol = p.protocol;
				sel.port_first = p.port_first;
				sel.port_last = p.port_last;
			}
		}
	}
	if (err == MS_OK)
		*out = sel;
	return err;
}

static void out_protocol(struct ms_out *o, uint8_t protocol)
{
	const char *name = ms_protocol_name(protocol);

	ms_out_char(o, '/');
	if (protocol == 0)
		ms_out_str(o, "%any");
	else if (name != NULL)
		ms_out_str(o, name);
	else
		ms_out_uint(o, protocol, 10, 0);
}

size_t ms_selector_text(const struct ms_selector *s, char *buf, size_t size)
{
	struct ms_out o = ms_out_begin(buf, size);
	struct ms_subnet net;
	char text[MS_RANGE_TEXT];

	if (ms_range_to_subnet(&s->range, &net) == MS_OK)
		ms_subnet_text(&net, text, sizeof text);
	else
		ms_range_text(&s->range, text, sizeof text);
	ms_out_str(&o, text);
	if (s->protocol != 0 || !all_ports(s))
		out_protocol(&o, s->protocol);
	if (opaque_ports(s)) {
		ms_out_str(&o, "/%opaque");
	} else if (!all_ports(s)) {
		ms_out_char(&o, '/');
		ms_out_uint(&o, s->port_first, 10, 0);
		/* 0-0 because a lone 0 reads as all ports */
		if (s->port_last != s->port_first || s->port_first == 0) {
			ms_out_char(&o, '-');
			ms_out_uint(&o, s->port_last, 10, 0);
		}
	}
	return ms_out_end(&o);
}
