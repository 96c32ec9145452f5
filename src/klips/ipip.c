/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IPIP: the transform that makes tunnels, IPv4 and IPv6 in each other.
 *
 * Standards: RFC 4301 s5.1.2 (headers), RFC 6040 (ECN), RFC 2003, RFC 2473.
 */
#include "klips/instance.h"
#include "klips/ip.h"
#include "klips/note.h"
#include "klips/sadb.h"
#include "klips/worker.h"
#include "klips/xform.h"

enum { OUTER_TTL = 64 };

static uint32_t ipip_room(const struct klips_sa *sa, uint32_t room)
{
	uint32_t header = ip_header_octets(&sa->said.dst);

	return room < header ? 0 : room - header;
}

static bool hides_dscp(const struct klips_worker *w, const struct klips_sa *sa)
{
	return sa->encap_dscp == MS_DSCP_DEFAULT ? w->k->hide_tos : sa->encap_dscp == MS_DSCP_HIDE;
}

/* RFC 4301 s8.1; what must be cut outside has no DF there. */
static bool sets_df(const struct klips_sa *sa, const struct pkt *p, const struct ip_view *inner)
{
	if (sa->said.dst.family == AF_INET6 || p->cut)
		return false;
	return sa->df == MS_DF_SET || (sa->df == MS_DF_COPY && inner->df);
}

static void ipip_apply(struct klips_worker *w, struct klips_sa *sa, struct pkt **pkts, unsigned n)
{
	unsigned header = ip_header_octets(&sa->said.dst), packets = 0, i;
	uint64_t octets = 0;

	for (i = 0; i < n; i++) {
		struct pkt *p = pkts[i];
		struct ip_view v;
		uint8_t next, tos;

		if (p->dead)
			continue;
		if (!ip_parse(p->data, p->len, &v) || sa->src.family != sa->said.dst.family) {
			pkt_drop(w, p, KC_OUT_FAMILY);
			continue;
		}
		if (p->len + header > PKT_MAX || pkt_headroom(p) < header) {
			pkt_drop(w, p, KC_OUT_LENGTH);
			continue;
		}
		next = v.version == 4 ? IPPROTO_IPIP : IPPROTO_IPV6;
		tos = ip_tos_encapsulate(v.tos, hides_dscp(w, sa));
		octets += p->len;
		packets++;
		p->data -= header;
		p->len += header;
		ip_write(p->data, &sa->src, &sa->said.dst, next, tos, OUTER_TTL, p->len);
		if (sets_df(sa, p, &v))
			ip_set_df(p->data);
	}
	if (packets > 0)
		sa_used(w, sa, octets, packets);
}

/* p->next is 4 or 41, data the inner packet. */
static void undo_one(struct klips_worker *w, struct klips_sa *sa, struct pkt *p)
{
	struct ip_view v;

	if (!ip_parse(p->data, p->len, &v)
		|| v.version != (p->next == IPPROTO_IPIP ? 4 : 6)) {
		pkt_drop(w, p, KC_IN_INNER);
		return;
	}
	p->len = v.total; /* traffic flow confidentiality padding, RFC 4303 s2.7 */
	if (!ip_tos_decapsulate(p->data, &v, p->tos, sa->decap_dscp)) {
		pkt_drop(w, p, KC_IN_ECN);
		return;
	}
	if (content_takes(w, sa, p, &v))
		p->done = sa;
}

static void ipip_undo(struct klips_worker *w, struct klips_sa *sa, struct pkt **pkts, unsigned n)
{
	unsigned packets = 0, i;
	uint64_t octets = 0;

	for (i = 0; i < n; i++) {
		if (pkts[i]->dead)
			continue;
		undo_one(w, sa, pkts[i]);
		if (!pkts[i]->dead) {
			octets += pkts[i]->len;
			packets++;
		}
	}
	if (packets > 0)
		sa_used(w, sa, octets, packets);
}

const struct klips_xform ipip_xform = {
	.protocol = IPPROTO_IPIP,
	.rank = 0,
	.name = "IPIP",
	.apply = ipip_apply,
	.undo = ipip_undo,
	.room = ipip_room,
};
