/* SPDX-License-Identifier: Apache-2.0 */
/* Traffic selectors: payloads (RFC 7296 s3.13) and narrowing (s2.9). */
#include "core/ike/ike_sa.h"
#include "core/ikev2/ts.h"

#include <string.h>

void ike_put_ts(struct ike_out *out, unsigned payload, const struct ms_selector *s, unsigned n)
{
	struct ike_ts_payload head = { .n = n };

	ike_out_put(out, payload, &head);
	for (unsigned i = 0; i < n; i++) {
		bool v6 = s[i].range.first.family == AF_INET6;
		uint8_t addresses[32];
		unsigned len = v6 ? 16 : 4;
		struct ike_selector_head h = { .type = v6 ? IKE_TS_IPV6 : IKE_TS_IPV4,
			.protocol = s[i].protocol,
			.port_first = s[i].port_first,
			.port_last = s[i].port_last };

		memcpy(addresses, s[i].range.first.b, len);
		memcpy(addresses + len, s[i].range.last.b, len);
		h.addresses = ms_bytes(addresses, 2 * (size_t)len);
		ike_layout_put(&ike_selector_layout, &out->w, &h);
	}
}

/* All of them this one host: replaced by the other address; *was tells what they said. */
static void substitute(
	struct ms_selector *s, unsigned n, const struct ms_addr *by, struct ms_addr *was)
{
	if (n == 0 || s[0].range.first.family != by->family ||
		ms_addr_eq(&s[0].range.first, by))
		return;
	for (unsigned i = 0; i < n; i++)
		if (!ms_addr_eq(&s[i].range.first, &s[0].range.first) ||
			!ms_addr_eq(&s[i].range.last, &s[0].range.first))
			return;
	*was = s[0].range.first;
	for (unsigned i = 0; i < n; i++)
		s[i].range.first = s[i].range.last = *by;
}

/* A peer behind a NAT names the address that it has itself; one that reaches us through a NAT names
 * that of the NAT. */
void ike_ts_substitute(const struct ike_sa *ike, struct ike_exchange *x)
{
	if (ike->nat_there)
		substitute(x->ts_theirs, x->n_theirs, &ike->remote.addr, &x->was_theirs);
	if (ike->nat_here)
		substitute(x->ts_mine, x->n_mine, &ike->local.addr, &x->was_mine);
}

static void put_as_was(struct ike_out *out, unsigned payload, const struct ms_selector *s,
	unsigned n, const struct ms_addr *was)
{
	struct ms_selector copy[CHILD_MAX_SELECTORS];

	memcpy(copy, s, n * sizeof(*s));
	for (unsigned i = 0; i < n && was->family != 0; i++)
		copy[i].range.first = copy[i].range.last = *was;
	ike_put_ts(out, payload, copy, n);
}

void ike_put_child_ts(const struct ike_exchange *x, struct ike_out *out)
{
	const struct child_sa *c = x->child;

	put_as_was(out, IKE_P_TSI, c->theirs, c->n_theirs, &x->was_theirs);
	put_as_was(out, IKE_P_TSR, c->mine, c->n_mine, &x->was_mine);
}

/* False: of a type or shape that is not for us. */
static bool get_selector(const struct ike_selector_head *h, struct ms_selector *s)
{
	unsigned len = h->type == IKE_TS_IPV6 ? 16 : 4;

	if ((h->type != IKE_TS_IPV4 && h->type != IKE_TS_IPV6) ||
		h->addresses.len != 2 * (size_t)len)
		return false;
	memset(s, 0, sizeof(*s));
	if (ms_addr_from_octets(&s->range.first, h->addresses.ptr, len) ||
		ms_addr_from_octets(&s->range.last, h->addresses.ptr + len, len))
		return false;
	s->protocol = (uint8_t)h->protocol;
	s->port_first = (uint16_t)h->port_first;
	s->port_last = (uint16_t)h->port_last;
	/* 65535 to 0 is OPAQUE (s3.13.1): ports that nobody can see; we select none such. */
	return ms_addr_cmp(&s->range.first, &s->range.last) <= 0 && s->port_first <= s->port_last;
}

ms_err ike_get_ts(struct ms_arena *arena, const struct ike_payload *p, struct ms_selector **out,
	unsigned *n_r, struct ms_why *why)
{
	struct ike_ts_payload head;
	struct wire_reader r;
	unsigned n = 0;

	*out = NULL;
	*n_r = 0;
	if (ike_payload_get(p, &head) || head.n == 0)
		return ms_fail(why, MS_ERR_SYNTAX, "%s payload without selectors",
			ike_name(ike_payload_name, p->type));
	*out = ms_arena_alloc(arena, head.n * sizeof(**out));
	if (!*out)
		return MS_ERR_NOMEM;
	r = wire_reader(head.rest);
	for (uint32_t i = 0; i < head.n; i++) {
		struct ike_selector_head h;

		if (ike_layout_get(&ike_selector_layout, &r, &h))
			return ms_fail(why, MS_ERR_SYNTAX, "selector %u of %s is malformed",
				(unsigned)i + 1, ike_name(ike_payload_name, p->type));
		if (get_selector(&h, &(*out)[n]))
			n++;
	}
	if (!wire_ok(&r) || wire_left(&r) != 0)
		return ms_fail(why, MS_ERR_SYNTAX, "%s payload is longer than its selectors",
			ike_name(ike_payload_name, p->type));
	*n_r = n;
	return MS_OK;
}

unsigned ike_ts_narrow(const struct ms_selector *ours, unsigned n_ours,
	const struct ms_selector *peers, unsigned n_peers, struct ms_selector *out)
{
	unsigned n = 0;

	for (unsigned i = 0; i < n_ours; i++) {
		for (unsigned j = 0; j < n_peers && n < CHILD_MAX_SELECTORS; j++) {
			struct ms_selector s;
			bool covered = false;

			if (!ms_selector_intersect(&ours[i], &peers[j], &s))
				continue;
			/* s2.9: the packet's own selector comes first and again in the range
			 * behind it; keep the wider one. */
			for (unsigned k = 0; k < n && !covered; k++) {
				if (ms_selector_contains(&out[k], &s))
					covered = true;
				else if (ms_selector_contains(&s, &out[k])) {
					out[k] = s;
					covered = true;
				}
			}
			if (!covered)
				out[n++] = s;
		}
	}
	return n;
}
