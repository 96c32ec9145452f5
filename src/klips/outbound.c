/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outbound: clear packets that the host routed into an ipsec device.
 *
 * Each packet is looked up; the shunts are a table of actions; runs of packets of the same SA group
 * go through its transforms together, inside out, and leave in one system call.
 *
 * Standards: RFC 4301 s5.1.
 */
#include "klips/instance.h"
#include "klips/firsts.h"
#include "klips/icmp.h"
#include "klips/icmp_quote.h"
#include "klips/io.h"
#include "klips/ip.h"
#include "klips/mss.h"
#include "klips/mtu.h"
#include "klips/note.h"
#include "klips/segment.h"
#include "klips/talk.h"
#include "klips/worker.h"
#include "klips/xform.h"

#include <inttypes.h>
#include <stdio.h>

enum { IKE_PORT = 500 };

struct look {
	struct klips_worker *w;
	struct klips_device *d;
	struct ip_view v;
	union flow_words flow;
	struct pkt *clear[PKT_BATCH], *ike[PKT_BATCH];
	unsigned n_clear, n_ike;
	unsigned packets; /* that the one in hand stands for */
	struct segmenter cut; /* of a super-packet */
	struct pkt *slot;     /* for a segment of it, free */
};

static void look_begin(struct look *l, struct klips_worker *w, struct klips_device *d)
{
	l->w = w;
	l->d = d;
	l->n_clear = l->n_ike = 0;
}

static void say(const struct look *l, const struct pkt *p, const char *what)
{
	char text[TALK_PACKET];

	talk(l->w->k, ROOM_TUNNEL, TALK_TUNNEL_XMIT, "%s: %s: %s", l->d->name,
		talk_packet(text, p->data, p->len), what);
}

static void look_drop(struct look *l, struct pkt *p, enum klips_counter why)
{
	p->dead = true;
	count(&l->w->counters, why, l->packets);
	if (talks(l->w->k, ROOM_TUNNEL, TALK_TUNNEL_XMIT))
		say(l, p, counter_text(why));
}

/* --- shunts --------------------------------------------------------------------------------- */

static void hand_over(struct look *l, const struct pkt *p, enum note_kind kind,
	const struct eroute *er)
{
	struct note n = { .kind = kind, .flow = l->flow };

	if (er != NULL)
		n.mask = er->mask;
	n.held = held_new(p->data, p->len, l->d);
	if (n.held != NULL)
		note_post(l->w, &n);
	else
		count(&l->w->counters, KC_NOTE_LOST, 1);
}

static void to_control(struct look *l, struct pkt *p, enum note_kind kind)
{
	struct pkt *slot = l->slot;

	p->dead = true;
	if (p->todo.protocol == 0) {
		hand_over(l, p, kind, p->eroute);
		return;
	}
	for (pkt_fresh(slot, 0); segment_next(&l->cut, slot); pkt_fresh(slot, 0))
		hand_over(l, slot, kind, p->eroute);
}

static void do_pass(struct look *l, struct pkt *p)
{
	l->clear[l->n_clear++] = p;
}

static void do_drop(struct look *l, struct pkt *p)
{
	look_drop(l, p, KC_OUT_DROP);
}

static void do_reject(struct look *l, struct pkt *p)
{
	icmp_reject(l->w, l->d, p, &l->v);
	look_drop(l, p, KC_OUT_REJECT);
}

static void do_trap(struct look *l, struct pkt *p)
{
	count(&l->w->counters, KC_OUT_TRAP, l->packets);
	to_control(l, p, NOTE_TRAP);
}

static void do_hold(struct look *l, struct pkt *p)
{
	count(&l->w->counters, KC_OUT_HOLD, l->packets);
	to_control(l, p, NOTE_HOLD);
}

static bool sa_sends(struct look *l, struct pkt *p, const struct klips_sa *sa)
{
	for (; sa != NULL; sa = rcu_get(sa->outer)) {
		uint8_t state = shared_get(sa->state);

		if ((state != MS_PFKEY_MATURE && state != MS_PFKEY_DYING) || sa->xform == NULL) {
			look_drop(l, p, KC_OUT_SA_STATE);
			return false;
		}
	}
	return true;
}

/* Octets of the longest packet that goes into the SA; TCP is cut to what fits. */
static uint32_t longest(struct look *l, const struct pkt *p, uint32_t mtu)
{
	if (p->todo.protocol == 0)
		return p->len;
	if (mtu != 0)
		segment_limit(&l->cut, mtu);
	return segment_longest(&l->cut);
}

static void do_protect(struct look *l, struct pkt *p)
{
	struct klips_sa *sa = rcu_get(p->eroute->sa);

	if (sa == NULL) {
		sa = sadb_find(l->w->k->sadb, &p->eroute->said);
		if (sa == NULL) {
			look_drop(l, p, KC_OUT_NO_SA);
			return;
		}
	}
	sa = sa_head(sa);
	if (!sa_sends(l, p, sa))
		return;
	if (l->v.fragment && sa->xform != &ipip_xform) {
		look_drop(l, p, KC_OUT_FRAGMENT);
		return;
	}
	if (mtu_refuses(l->w, l->d, p, &l->v, sa, longest(l, p, shared_get(sa->inner_mtu))))
		look_drop(l, p, KC_OUT_TOO_BIG);
	else
		p->sa = sa;
	if (p->todo.protocol == 0)
		mss_outbound(l->w, l->d, p, &l->v, sa);
}

static void (*const actions[])(struct look *, struct pkt *) = {
	[MS_SHUNT_NONE] = do_protect,
	[MS_SHUNT_PASS] = do_pass,
	[MS_SHUNT_DROP] = do_drop,
	[MS_SHUNT_REJECT] = do_reject,
	[MS_SHUNT_TRAP] = do_trap,
	[MS_SHUNT_HOLD] = do_hold,
};

/* --- look-up -------------------------------------------------------------------------------- */

/* Our own IKE must reach the peer whatever is routed here, unless it is meant for someone inside a
 * tunnel: then the eroute's gateway is another than the packet's destination. */
static bool is_ike(const struct look *l, const struct eroute *er)
{
	const struct flow *f = &l->flow.flow;
	struct ms_addr src, dst;

	if (f->proto != IPPROTO_UDP)
		return false;
	src = flow_addr(f, f->src);
	if (f->sport != IKE_PORT && encap_find(l->w->k, &src, f->sport) == NULL)
		return false;
	if (!device_has_addr(l->d, &src))
		return false;
	dst = flow_addr(f, f->dst);
	return er == NULL || er->shunt != MS_SHUNT_NONE || ms_addr_eq(&er->said.dst, &dst);
}

/* RFC 4301 s6.2: an ICMP error goes where an answer to the packet that it quotes would. */
static struct eroute *find_by_quote(struct look *l, const struct pkt *p)
{
	union flow_words quoted;
	struct eroute *er;

	if (!icmp_quoted_flow(p->data, &l->v, &quoted.flow))
		return NULL;
	er = eroute_find(l->w->k->eroutes, &quoted);
	if (er == NULL || er->shunt != MS_SHUNT_NONE)
		return NULL;
	count(&l->w->counters, KC_OUT_ICMP_QUOTE, 1);
	return er;
}

/* noeroute=: dropped, unless a person wants otherwise. */
static void no_eroute(struct look *l, struct pkt *p)
{
	switch (l->w->k->no_eroute) {
	case MS_SHUNT_PASS:
		count(&l->w->counters, KC_OUT_NO_EROUTE, l->packets);
		do_pass(l, p);
		return;
	case MS_SHUNT_REJECT:
		icmp_reject(l->w, l->d, p, &l->v);
		break;
	default:
		break;
	}
	look_drop(l, p, KC_OUT_NO_EROUTE);
}

/* RFC 4301 s7.3, s7.4: where ports decide, those of the datagram's first fragment.  False: it waits. */
static bool follow_first(struct look *l, struct pkt *p)
{
	struct fragment_of f = { p->data, &l->v, NULL };
	struct held *waited;

	if (!l->v.later_fragment) {
		waited = firsts_put(l->w, &f, &l->flow.flow);
		if (waited != NULL)
			worker_inject(l->w, waited);
		return true;
	}
	if (firsts_get(l->w, &f, &l->flow.flow) || !ip_ports_unknown(&l->v)
		|| !eroute_needs_ports(l->w->k->eroutes, &l->flow, ip_protocol_unknown(&l->v)))
		return true;
	firsts_wait(l->w, &f, p, l->d);
	return false;
}

static void say_found(const struct look *l, const struct pkt *p, const struct eroute *er)
{
	char said[TALK_PACKET], to[TALK_PACKET + 3] = "=> ";

	snprintf(to + 3, sizeof to - 3, "%s", talk_said(said, &er->said));
	if (talks(l->w->k, ROOM_TUNNEL, TALK_TUNNEL_XMIT))
		say(l, p, to);
	talk(l->w->k, ROOM_EROUTE, TALK_ANY, "%s: masks %u, %u, %u, %u, %u, packet %" PRIu64 " %s",
		talk_flow(said, &l->flow), er->mask.src, er->mask.dst, er->mask.proto, er->mask.sport,
		er->mask.dport, shared_get(er->packets), to);
}

static void look_up(struct look *l, struct pkt *p)
{
	struct klips_worker *w = l->w;
	struct eroute *er;

	l->packets = 1;
	if (!ip_parse(p->data, p->len, &l->v)
		|| (p->todo.protocol != 0 && !segment_begin(&l->cut, p, &l->v))) {
		look_drop(l, p, KC_OUT_MALFORMED);
		return;
	}
	p->len = l->v.total;
	if (p->todo.protocol != 0)
		l->packets = segment_count(&l->cut);
	if (l->v.ttl == 0) {
		icmp_time_exceeded(w, l->d, p, &l->v);
		look_drop(l, p, KC_OUT_TTL);
		return;
	}
	ip_flow(p->data, &l->v, &l->flow.flow);
	if (l->v.fragment && !follow_first(l, p))
		return;
	er = eroute_find_cached(w->k->eroutes, &w->eroutes, &l->flow);
	if (is_ike(l, er)) {
		l->ike[l->n_ike++] = p;
		if (talks(w->k, ROOM_TUNNEL, TALK_TUNNEL_XMIT))
			say(l, p, counter_text(KC_OUT_IKE));
		return;
	}
	if (er == NULL)
		er = find_by_quote(l, p);
	if (er == NULL) {
		no_eroute(l, p);
		return;
	}
	p->eroute = er;
	__atomic_add_fetch(&er->packets, l->packets, __ATOMIC_RELAXED);
	shared_set(er->used_s, klips_now_s(w->k));
	if (talks(w->k, ROOM_TUNNEL, TALK_TUNNEL_XMIT) || talks(w->k, ROOM_EROUTE, TALK_ANY))
		say_found(l, p, er);
	actions[er->shunt](l, p);
}

/* --- groups --------------------------------------------------------------------------------- */

static void protect_run(struct klips_worker *w, struct klips_device *d, struct pkt **pkts,
	unsigned n)
{
	struct klips_sa *sa = pkts[0]->sa, *outermost = sa;
	bool alone = w->k->n_workers == 1;

	w->turn.sa = NULL;
	for (; sa != NULL; sa = rcu_get(sa->outer)) {
		sa->xform->apply(w, sa, pkts, n);
		outermost = sa;
	}
	talk(w->k, ROOM_TUNNEL, TALK_TUNNEL_XMIT, "%s: %u packets of the group go to the wire", d->name, n);
	if (!alone)
		turn_wait(w);
	send_cut(w, d, outermost, pkts, n);
	if (outermost->said.protocol == MS_PROTO_ESP)
		send_protected(w, d, outermost, pkts, n);
	else
		send_whole(w, d, pkts, n);
	if (!alone)
		turn_pass(w);
}

/* All packets of an SA together, however they are mixed with others'. */
static void protect_all(struct klips_worker *w, struct klips_device *d, unsigned n)
{
	struct pkt *same[PKT_BATCH];
	unsigned i, k, many;

	for (i = 0; i < n; i++) {
		struct klips_sa *sa = w->batch[i]->sa;

		if (sa == NULL)
			continue;
		for (k = i, many = 0; k < n; k++)
			if (w->batch[k]->sa == sa)
				same[many++] = w->batch[k];
		protect_run(w, d, same, many);
		for (k = 0; k < many; k++)
			same[k]->sa = NULL;
	}
}

/* From so many eroutes on they are not in the processor's caches any more. */
enum { MANY_EROUTES = 10000 };

/* The flows of a batch are found together; what is wrong with a packet comes up in look_up(). */
static void look_ahead(struct klips_worker *w, unsigned n)
{
	union flow_words flows[PKT_BATCH];
	unsigned i, many = 0;
	struct ip_view v;

	for (i = 0; i < n; i++) {
		const struct pkt *p = w->batch[i];

		if (!p->dead && !p->looked_up && ip_parse(p->data, p->len, &v))
			ip_flow(p->data, &v, &flows[many++].flow);
	}
	eroute_cache_warm(w->k->eroutes, &w->eroutes, flows, many);
}

void outbound(struct klips_worker *w, struct klips_device *d, unsigned n)
{
	struct look l;
	unsigned i;

	look_begin(&l, w, d);
	if (eroute_count(w->k->eroutes) >= MANY_EROUTES)
		look_ahead(w, n);
	for (i = 0; i < n; i++)
		if (!w->batch[i]->dead && !w->batch[i]->looked_up)
			look_up(&l, w->batch[i]);
	protect_all(w, d, n);
	if (l.n_clear > 0)
		send_clear(w, d, l.clear, l.n_clear, KC_OUT_PASS);
	if (l.n_ike > 0)
		send_clear(w, d, l.ike, l.n_ike, KC_OUT_IKE);
}

/* The next segments into the slots from n on; how many slots are in use then. */
static unsigned fill_slots(struct klips_worker *w, struct segmenter *cut, const struct pkt *super,
	unsigned n)
{
	for (; n < w->batch_most; n++) {
		struct pkt *p = &w->pkts[n];

		pkt_fresh(p, 0);
		if (!segment_next(cut, p))
			break;
		p->sa = super->sa;
		p->cut = super->cut;
		p->looked_up = true;
		w->batch[n] = p;
	}
	return n;
}

static void clear_super(struct klips_worker *w, struct look *l, const struct pkt *super)
{
	unsigned n;

	while ((n = fill_slots(w, &l->cut, super, 0)) > 0)
		send_clear(w, l->d, w->batch, n, l->n_ike > 0 ? KC_OUT_IKE : KC_OUT_PASS);
}

unsigned outbound_super(struct klips_worker *w, struct klips_device *d, unsigned n)
{
	struct pkt *p = &w->super;
	struct look l;

	look_begin(&l, w, d);
	l.slot = &w->pkts[n];
	look_up(&l, p);
	count(&w->counters, KC_OUT_READ, l.packets);
	count(&w->counters, KC_OUT_SUPER, 1);
	if (p->dead)
		return n;
	if (p->sa == NULL) {
		outbound(w, d, n);
		clear_super(w, &l, p);
		return 0;
	}
	while ((n = fill_slots(w, &l.cut, p, n)) == w->batch_most) {
		outbound(w, d, n);
		n = 0;
	}
	return n;
}
