/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of the connections' clients: what policies and SAs of both kernels make of them. */
#include "core/sim/world_priv.h"

#include <stdio.h>
#include <stdlib.h>

#define PACKET_OCTETS 100

static const char no_such_sa[] = "the other end has no such SA";

struct parcel {
	struct world *w;
	struct tie *t;
	struct tie_end *from;
	struct ms_said said;
	struct ms_endpoint src;
	uint16_t encap_dst;
};

/* An IKE SA's deletion takes its children along: what is on its way then is lost, but no more. */
static bool in_flight(const struct world *w, struct tie_end *e, const char *why)
{
	if (why != no_such_sa)
		return false;
	if (e->lost_ms == 0)
		e->lost_ms = w->sim->now;
	return w->sim->now < e->lost_ms + 1000;
}

/* In a calm world nothing is ever lost between two that were connected once. */
static void lost(struct world *w, const struct tie *t, struct tie_end *e, const char *why)
{
	if (w->s.o.verbose && e->carried)
		story_say(&w->s, "%s: packet of %s lost: %s", e->node->name, t->name, why);
	if (w->kind == STORY_CALM && e->carried && !w->traffic_over &&
		!in_flight(w, e, why))
		story_fail(&w->s, "%s: a packet of %s was lost: %s", e->node->name, t->name, why);
}

static void arrive(struct sim *s, void *arg)
{
	struct parcel p = *(struct parcel *)arg;
	struct tie_end *to = tie_other(p.t, p.from);
	struct ms_endpoint at = { p.said.dst, p.encap_dst ? p.encap_dst : 4500 }, inside;
	struct sim_node *n = sim_owner(s, &at, &inside);
	struct sim_sa *sa;

	free(arg);
	if (n != to->node || !n->ike) {
		lost(p.w, p.t, p.from, "nobody there");
		return;
	}
	if (n->public.addr.family != 0 && (!p.encap_dst || inside.port != 4500)) {
		lost(p.w, p.t, p.from, "the NAT knows no such port");
		return;
	}
	p.said.dst = n->addr;
	sa = sim_find_sa(n, &p.said);
	/* The responder may use the new SA as soon as he has answered (RFC 7296 s2.8), and a packet
	 * may be quicker than the answer. */
	if (sa && sa->larval)
		return;
	if (!sa || !sa->inbound) {
		lost(p.w, p.t, p.from, no_such_sa);
		return;
	}
	sa->octets += PACKET_OCTETS;
	p.from->carried = true;
	p.from->lost_ms = 0;
	p.from->arrived++;
	p.from->arrived_ms = s->now;
	/* RFC 3948: the kernel tells of a new outer source. */
	if (p.encap_dst && sa->encap_src && sa->encap_src != p.src.port)
		ike_kernel_mapping(n->ike, &p.said, &p.src);
}

static void protect(
	struct world *w, struct tie *t, struct tie_end *e, const struct sim_policy *policy)
{
	struct sim_node *n = e->node;
	struct sim_sa *sa = sim_find_sa(n, &policy->said);
	struct parcel *p;

	if (!sa || sa->inbound || sa->larval) {
		lost(w, t, e, "the SA of its eroute is not there");
		return;
	}
	if (w->cut[(n->number - 1) * w->sim->n_nodes + tie_other(t, e)->node->number - 1])
		return;
	p = sim_alloc(sizeof(*p));
	p->w = w;
	p->t = t;
	p->from = e;
	p->said = policy->said;
	p->encap_dst = sa->encap_dst;
	p->src = (struct ms_endpoint){ n->addr, 4500 };
	if (n->public.addr.family != 0) {
		p->src.addr = n->public.addr;
		p->src.port = (uint16_t)(4500 + n->public.port);
	}
	sim_at(w->sim, w->sim->now + w->sim->latency_ms, arrive, p)->drop = free;
}

static void left_in_clear(struct world *w, const struct tie *t, const struct sim_node *n,
	const struct conn *c, const struct ms_selector *src, const struct ms_selector *dst)
{
	char from[MS_SELECTOR_TEXT], to[MS_SELECTOR_TEXT];

	ms_selector_text(src, from, sizeof(from));
	ms_selector_text(dst, to, sizeof(to));
	story_fail(&w->s, "%s: a packet of \"%s\" (%s) left in clear, from %s to %s", n->name, t->name,
		route_state_name(c->routing), from, to);
}

void world_packet(struct world *w, struct tie *t, struct tie_end *e)
{
	struct sim_node *n = e->node;
	struct ms_selector src, dst;
	const struct sim_policy *p;
	struct conn *c = world_conn(t, e);

	if (!n->ike || !c || !world_full_address(t))
		return;
	src = story_one(&e->from);
	dst = story_one(&tie_other(t, e)->from);
	e->sent++;
	for (p = n->policies; p; p = p->next)
		if (ms_selector_contains(&p->src, &src) && ms_selector_contains(&p->dst, &dst))
			break;
	if (!p) {
		if (c->routing != RT_UNROUTED && !c->route_jobs)
			left_in_clear(w, t, n, c, &src, &dst);
		lost(w, t, e, "no policy");
		return;
	}
	switch (p->shunt) {
	case MS_SHUNT_NONE:
		protect(w, t, e, p);
		break;
	case MS_SHUNT_TRAP:
		route_packet(n->route, &src, &dst);
		/* fall through */
	default:
		lost(w, t, e, "a shunt instead of an SA");
	}
}

struct flow {
	struct world *w;
	struct tie *t;
	struct tie_end *e;
};

static void again(struct sim *s, void *arg)
{
	struct flow *f = arg;
	struct sim_event *next;

	if (!f->w->traffic_over)
		world_packet(f->w, f->t, f->e);
	next = sim_at(s, s->now + dice_between(&f->w->traffic, 300, 2500), again, f);
	next->drop = free;
}

void world_traffic(struct world *w)
{
	for (unsigned k = 0; k < w->n_ties; k++)
		for (unsigned i = 0; i < 2; i++) {
			struct flow *f = calloc(1, sizeof(*f));

			*f = (struct flow){ w, &w->ties[k], &w->ties[k].end[i] };
			sim_at(w->sim, w->sim->now + dice_below(&w->traffic, 2000), again, f)
				->drop = free;
		}
}
