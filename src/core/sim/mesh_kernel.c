/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets of a mesh, and what kernels make of them.
 *
 * The closest eroute decides.  A trap catches a packet as KLIPS does: an eroute %hold for the two
 * hosts, the newest packet kept, an ACQUIRE at once and after 5, 15 and 35 seconds; after 60 the
 * hold goes.  What the daemon puts in its place sends the packet on its way.
 */
#include "core/sim/mesh_priv.h"

#include <stdlib.h>

#define PACKET_OCTETS 100
#define MAX_HOLDS 8192
#define MANY 500
#define FIRST_ASK_MS 5000
#define HOLD_LIFE_MS 60000
#define GRACE_MS 3000 /* lists that changed are not members yet */

static struct mesh_way *way_of(const struct mesh_packet *p)
{
	static struct mesh_way nobodys;

	if (p->flow == NULL)
		return &nobodys;
	return p->reply ? &p->flow->reply : &p->flow->request;
}

/* --- eroutes ------------------------------------------------------------------------------------------ */

static const struct sim_policy *closest(const struct sim_node *n, const struct ms_selector *src,
	const struct ms_selector *dst)
{
	const struct sim_policy *best = NULL;

	if (n->policy_map.n > MANY) /* of a scan: not one after the other */
		return (const struct sim_policy *)(void *)pair_map_find(
			&n->policy_map, src, dst, NULL, NULL);
	for (const struct sim_policy *p = n->policies; p != NULL; p = p->next)
		if (ms_selector_contains(&p->dst, dst) && ms_selector_contains(&p->src, src) &&
			(best == NULL || (ms_selector_contains(&best->src, &p->src) &&
						 ms_selector_contains(&best->dst, &p->dst))))
			best = p;
	return best;
}

/* The kernel's own doing. */
static void put(struct mesh_host *h, const struct ms_addr *dst, enum ms_shunt shunt)
{
	struct ms_kernel_op op = { .kind = shunt == MS_SHUNT_NONE ? MS_KOP_POLICY_DELETE :
								   MS_KOP_POLICY_SET };
	struct ms_why why = { "" };
	unsigned failed;

	op.policy.src = story_one(&h->n->addr);
	op.policy.dst = story_one(dst);
	op.policy.shunt = shunt;
	h->own_doing = true;
	(void)sim_kernel(h->n, &op, 1, &failed, &why);
	h->own_doing = false;
}

/* No packets go before the groups are routed. */
static bool is_ready(struct mesh_host *h)
{
	if (h->n->ike == NULL || h->n->down)
		return false;
	h->ready = h->ready || (h->routed && !route_busy(h->n->route));
	return h->ready;
}

/* --- on the wire -------------------------------------------------------------------------------------- */

struct parcel {
	struct mesh_packet p;
	struct ms_said said; /* protocol 0: in clear */
};

static void arrive(struct sim *s, void *arg)
{
	struct parcel p = *(struct parcel *)arg;
	struct mesh *m = p.p.from->m;
	struct mesh_host *to = mesh_owner(m, &p.p.dst);
	struct mesh_way *way = way_of(&p.p);
	struct sim_sa *sa;

	free(arg);
	if (to == NULL || !is_ready(to) || mesh_cut(m, p.p.from, to))
		return;
	if (p.said.protocol != 0) {
		struct ms_selector src = story_one(&p.p.src), dst = story_one(&p.p.dst);

		sa = sim_find_sa(to->n, &p.said);
		if (sa == NULL || !sa->inbound || sa->larval)
			return;
		if (!ms_selector_contains(&sa->sel_src, &src) ||
			!ms_selector_contains(&sa->sel_dst, &dst))
			story_fail(&m->s, "%s: a packet in the wrong SA", to->name);
		sa->octets += PACKET_OCTETS;
	}
	way->arrived_ms = s->now;
	way->arrived_protected = p.said.protocol != 0;
	if (p.p.flow != NULL && !p.p.reply)
		mesh_packet(m, &(struct mesh_packet){ p.p.flow, true, to, p.p.dst, p.p.src });
}

static void leave(struct mesh *m, const struct mesh_packet *p, const struct ms_said *said)
{
	struct parcel *parcel = calloc(1, sizeof *parcel);

	parcel->p = *p;
	if (said != NULL)
		parcel->said = *said;
	sim_at(m->sim, m->sim->now + m->sim->latency_ms, arrive, parcel)->drop = free;
}

static void leave_in_clear(struct mesh *m, const struct mesh_packet *p)
{
	enum mesh_policy policy = mesh_policy(p->from, &p->dst);
	char to[MS_ADDR_TEXT];

	way_of(p)->clear_ms = m->sim->now;
	if (!mesh_leaves_in_clear(policy) && m->sim->now > p->from->changed_ms + GRACE_MS) {
		ms_addr_text(&p->dst, to, sizeof to);
		story_fail(&m->s, "%s: a packet to %s left in clear, but it is %s", p->from->name, to,
			mesh_groups[policy]);
	}
	leave(m, p, NULL);
}

static void leave_protected(struct mesh *m, const struct mesh_packet *p, const struct ms_said *said)
{
	enum mesh_policy policy = mesh_policy(p->from, &p->dst);
	struct sim_sa *sa = sim_find_sa(p->from->n, said);

	if (sa == NULL || sa->inbound || sa->larval) {
		way_of(p)->stopped_ms = m->sim->now;
		return;
	}
	if ((policy == POLICY_NONE || policy == POLICY_CLEAR || policy == POLICY_BLOCK) &&
		m->sim->now > p->from->changed_ms + GRACE_MS)
		story_fail(&m->s, "%s: a packet went through a tunnel that its policy does not know",
			p->from->name);
	way_of(p)->protected_ms = m->sim->now;
	sa->octets += PACKET_OCTETS;
	leave(m, p, said);
}

/* --- holds --------------------------------------------------------------------------------------------- */

struct acquire {
	struct mesh_host *h;
	unsigned boot;
	struct ms_addr dst;
};

static void acquire(struct sim *s, void *arg)
{
	struct acquire a = *(struct acquire *)arg;
	struct ms_selector src, dst = story_one(&a.dst);

	(void)s;
	free(arg);
	if (a.boot != a.h->boots || a.h->n->route == NULL)
		return;
	src = story_one(&a.h->n->addr);
	route_packet(a.h->n->route, &src, &dst);
}

static void ask(struct mesh_host *h, struct mesh_hold *hold)
{
	struct acquire *a = malloc(sizeof *a);

	*a = (struct acquire){ h, h->boots, hold->dst };
	h->acquires++;
	sim_at(h->m->sim, h->m->sim->now, acquire, a)->drop = free;
	hold->ask_ms = h->m->sim->now + hold->patience_ms;
	hold->patience_ms *= 2;
}

static void hold_free(struct mesh_host *h, struct mesh_hold **at)
{
	struct mesh_hold *hold = *at;

	*at = hold->next;
	h->n_holds--;
	free(hold);
}

void mesh_holds_free(struct mesh_host *h)
{
	while (h->holds != NULL)
		hold_free(h, &h->holds);
}

/* Its eroute goes, or the trap that was there comes back. */
static void uncover(struct mesh_host *h, const struct mesh_hold *hold)
{
	if (hold->automatic)
		put(h, &hold->dst, hold->was_trap ? MS_SHUNT_TRAP : MS_SHUNT_NONE);
}

static void tick(struct sim *s, void *arg)
{
	struct mesh_host *h = arg;
	struct mesh_hold **at = &h->holds, *hold;

	h->ticking = h->holds != NULL;
	if (h->ticking)
		sim_at(s, s->now + 1000, tick, h);
	while ((hold = *at) != NULL) {
		if (hold->automatic && hold->born_ms + HOLD_LIFE_MS <= s->now) {
			uncover(h, hold);
			hold_free(h, at);
			continue;
		}
		if (hold->automatic && hold->ask_ms <= s->now)
			ask(h, hold);
		at = &hold->next;
	}
}

static struct mesh_hold *hold_new(struct mesh_host *h, const struct mesh_packet *p)
{
	struct mesh_hold *hold;

	if (h->n_holds >= MAX_HOLDS)
		return NULL;
	hold = calloc(1, sizeof *hold);
	*hold = (struct mesh_hold){ .next = h->holds, .dst = p->dst, .packet = *p,
		.born_ms = h->m->sim->now, .patience_ms = FIRST_ASK_MS };
	h->holds = hold;
	h->n_holds++;
	if (!h->ticking)
		sim_at(h->m->sim, h->m->sim->now + 1000, tick, h);
	h->ticking = true;
	return hold;
}

static void catch_packet(struct mesh *m, const struct mesh_packet *p, const struct sim_policy *trap)
{
	struct ms_selector dst = story_one(&p->dst);
	struct mesh_hold *hold = hold_new(p->from, p);

	(void)m;
	if (hold == NULL)
		return;
	hold->automatic = true;
	hold->was_trap = ms_selector_eq(&trap->dst, &dst);
	put(p->from, &p->dst, MS_SHUNT_HOLD);
	ask(p->from, hold);
}

static void keep(const struct mesh_packet *p)
{
	struct mesh_hold *hold = p->from->holds;

	while (hold != NULL && !ms_addr_eq(&hold->dst, &p->dst))
		hold = hold->next;
	if (hold != NULL)
		hold->packet = *p;
	else
		(void)hold_new(p->from, p);
}

void mesh_packet(struct mesh *m, const struct mesh_packet *p)
{
	struct mesh_host *h = p->from;
	struct ms_selector src = story_one(&p->src), dst = story_one(&p->dst);
	const struct sim_policy *policy;

	if (!is_ready(h))
		return;
	m->packets++;
	policy = closest(h->n, &src, &dst);
	if (policy == NULL || policy->shunt == MS_SHUNT_PASS) {
		leave_in_clear(m, p);
		return;
	}
	if (policy->shunt == MS_SHUNT_NONE) {
		leave_protected(m, p, &policy->said);
		return;
	}
	way_of(p)->stopped_ms = m->sim->now;
	if (policy->shunt == MS_SHUNT_TRAP)
		catch_packet(m, p, policy);
	else if (policy->shunt == MS_SHUNT_HOLD)
		keep(p);
}

/* --- the daemon's word ----------------------------------------------------------------------------------- */

struct again {
	struct mesh_packet p;
	unsigned boot;
};

static void send_again(struct sim *s, void *arg)
{
	struct again a = *(struct again *)arg;

	(void)s;
	free(arg);
	if (a.boot == a.p.from->boots)
		mesh_packet(a.p.from->m, &a.p);
}

void mesh_kernel_did(void *mesh, struct sim_node *n, const struct ms_kernel_op *op)
{
	struct mesh *m = mesh;
	struct mesh_host *h = n->user;
	struct mesh_hold **at = &h->holds, *hold;
	bool set = op->kind == MS_KOP_POLICY_SET;
	bool one = ms_addr_eq(&op->policy.dst.range.first, &op->policy.dst.range.last);

	if (h->own_doing || (!set && op->kind != MS_KOP_POLICY_DELETE))
		return;
	while ((hold = *at) != NULL) {
		struct ms_selector dst;
		bool exact;

		if (one && !ms_addr_eq(&hold->dst, &op->policy.dst.range.first)) {
			at = &hold->next;
			continue;
		}
		dst = story_one(&hold->dst);
		exact = ms_selector_eq(&op->policy.dst, &dst);

		if (!ms_selector_contains(&op->policy.dst, &dst)) {
			at = &hold->next;
			continue;
		}
		if (set && op->policy.shunt == MS_SHUNT_HOLD) {
			hold->automatic = hold->automatic && !exact;
			at = &hold->next;
			continue;
		}
		if (!exact)
			uncover(h, hold);
		if (set) {
			struct again *a = malloc(sizeof *a);

			*a = (struct again){ hold->packet, h->boots };
			sim_at(m->sim, m->sim->now, send_again, a)->drop = free;
		}
		hold_free(h, at);
	}
}
