/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bare shunts: eroutes between two addresses that belong to no connection.
 *
 *	(none)	a packet is held, nobody knows for whom	-> hold
 *	hold	a connection takes it			-> (none), the eroute is the connection's
 *	hold	opportunism found no way		-> pass, drop or reject
 *	any	its time is over			-> (none), the eroute goes
 *
 * The table is bounded: a scan of a network through a trap leaves one for each address.  When it is
 * full the oldest goes, and the next packet of that pair meets the trap again.
 */
#include "core/route/route_priv.h"

#include "core/child/child_sa.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_BARE 16384

struct bare {
	struct pair_node node;
	struct bare *prev, *next; /* by age */
	struct bare_shunt b;
	uint32_t policy; /* serial of the connection that wants it; 0: none */
	struct ike_timer timer;
};

struct bare_table {
	struct route *route;
	struct pair_map map;
	struct bare *first, *last;
};

struct bare_table *bare_table_new(struct route *r)
{
	struct bare_table *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->route = r;
	if (!pair_map_init(&t->map, r->eroutes.seed)) {
		free(t);
		return NULL;
	}
	return t;
}

/* --- the kernel ------------------------------------------------------------------------------ */

struct bare_op {
	struct route *r;
	struct ms_kernel_op op;
};

/* A connection got the eroute while the word that ended the shunt was on its way: that undid it. */
static void restore(struct route *r, const struct ms_kernel_policy *p)
{
	const struct eroute *e = eroute_at(r, &p->src, &p->dst);

	if (e == NULL || (e->shunt == p->shunt && p->shunt != MS_SHUNT_NONE) ||
		route_bare_at(r, &p->src, &p->dst, NULL))
		return;
	if (e->shunt != MS_SHUNT_NONE) {
		route_set_shunt(r, &p->src, &p->dst, e->shunt);
		return;
	}
	for (struct child_sa *c = e->owner->child_sas; c != NULL; c = c->conn_next)
		if (c->serial == e->child) {
			route_child_moved(r, c);
			return;
		}
}

static void told(void *arg, ms_err err, unsigned failed, const struct ms_why *why)
{
	struct bare_op *o = arg;

	(void)failed; /* what is not there need not go; what could not be put is asked for again */
	(void)why;
	o->r->jobs--;
	if (err == MS_OK && !o->r->going)
		restore(o->r, &o->op.policy);
	free(o);
}

static void tell(struct route *r, const struct bare_shunt *b, bool set)
{
	struct bare_op *o = calloc(1, sizeof *o);

	if (o == NULL)
		return;
	o->r = r;
	o->op.kind = set ? MS_KOP_POLICY_SET : MS_KOP_POLICY_DELETE;
	o->op.policy.src = b->src;
	o->op.policy.dst = b->dst;
	o->op.policy.shunt = set ? b->shunt : MS_SHUNT_NONE;
	r->jobs++;
	r->host->ops->kernel(r->host->ctx, &o->op, 1, told, o);
}

void route_set_shunt(struct route *r, const struct ms_selector *src, const struct ms_selector *dst,
	enum ms_shunt shunt)
{
	tell(r, &(struct bare_shunt){ .src = *src, .dst = *dst, .shunt = shunt },
		shunt != MS_SHUNT_NONE);
}

/* What was below it comes to light again: the trap of a connection for the same two hosts. */
static void tell_end(struct route *r, const struct bare_shunt *b)
{
	const struct eroute *e = eroute_at(r, &b->src, &b->dst);

	if (e != NULL && e->shunt == MS_SHUNT_TRAP)
		route_set_shunt(r, &b->src, &b->dst, MS_SHUNT_TRAP);
	else
		tell(r, b, false);
}

/* --- the table -------------------------------------------------------------------------------- */

static struct bare *find(const struct route *r, const struct ms_selector *src,
	const struct ms_selector *dst)
{
	return (struct bare *)(void *)pair_map_exact(&r->bare->map, src, dst);
}

static void take_out(struct route *r, struct bare *b)
{
	struct bare_table *t = r->bare;

	route_set_timer(r, &b->timer, UINT64_MAX);
	pair_map_remove(&t->map, &b->node);
	*(b->prev == NULL ? &t->first : &b->prev->next) = b->next;
	*(b->next == NULL ? &t->last : &b->next->prev) = b->prev;
	free(b);
}

void bare_table_free(struct bare_table **t)
{
	if (*t == NULL)
		return;
	while ((*t)->first != NULL)
		take_out((*t)->route, (*t)->first);
	pair_map_done(&(*t)->map);
	free(*t);
	*t = NULL;
}

static struct bare *add(struct route *r, const struct ms_selector *src,
	const struct ms_selector *dst)
{
	struct bare_table *t = r->bare;
	struct bare *b;

	if (t->map.n >= MAX_BARE) {
		tell(r, &t->first->b, false);
		take_out(r, t->first);
	}
	b = calloc(1, sizeof *b);
	if (b == NULL)
		return NULL;
	b->node.src = b->b.src = *src;
	b->node.dst = b->b.dst = *dst;
	b->timer.kind = TIMER_OF_BARE;
	if (!pair_map_add(&t->map, &b->node)) {
		free(b);
		return NULL;
	}
	b->prev = t->last;
	*(t->last == NULL ? &t->first : &t->last->next) = b;
	t->last = b;
	return b;
}

void route_bare_set(struct route *r, const struct ms_selector *src, const struct ms_selector *dst,
	enum ms_shunt shunt, uint64_t life_ms, const char *why)
{
	struct bare *b = find(r, src, dst);
	bool fresh = b == NULL;
	uint64_t now = route_now(r);

	if (fresh)
		b = add(r, src, dst);
	if (b == NULL)
		return;
	/* The kernel's own hold needs no word, and asked for again it is the same one. */
	if (shunt != MS_SHUNT_HOLD)
		tell(r, &(struct bare_shunt){ .src = *src, .dst = *dst, .shunt = shunt }, true);
	else if (!fresh)
		return;
	b->b.shunt = shunt;
	b->b.since_ms = now;
	b->b.until_ms = life_ms == UINT64_MAX ? UINT64_MAX : now + life_ms;
	b->b.why = why;
	route_set_timer(r, &b->timer, b->b.until_ms);
}

bool route_bare_forget(struct route *r, const struct ms_selector *src,
	const struct ms_selector *dst)
{
	struct bare *b = find(r, src, dst);

	if (b != NULL)
		take_out(r, b);
	return b != NULL;
}

void route_bare_end(struct route *r, const struct ms_selector *src, const struct ms_selector *dst)
{
	struct bare *b = find(r, src, dst);

	if (b == NULL)
		return;
	tell_end(r, &b->b);
	take_out(r, b);
}

void bare_is_of(struct route *r, const struct ms_selector *src, const struct ms_selector *dst,
	const struct conn *policy)
{
	struct bare *b = find(r, src, dst);

	if (b != NULL)
		b->policy = policy->serial;
}

void bare_govern(struct route *r)
{
	for (struct bare *b = r->bare->first, *next; b != NULL; b = next) {
		const struct conn *c;

		next = b->next;
		if (b->policy == 0)
			continue;
		c = route_governor(r, &b->b.src, &b->b.dst);
		if (c != NULL && c->serial == b->policy)
			continue;
		tell_end(r, &b->b);
		take_out(r, b);
	}
}

void bare_timer(struct route *r, struct ike_timer *t)
{
	struct bare *b = container_of(t, struct bare, timer);

	/* A hold is the kernel's, and goes when the kernel thinks so. */
	if (b->b.shunt != MS_SHUNT_HOLD)
		tell_end(r, &b->b);
	take_out(r, b);
}

void route_bare_clear(struct route *r)
{
	while (r->bare->first != NULL) {
		tell(r, &r->bare->first->b, false);
		take_out(r, r->bare->first);
	}
}

/* --- listing ----------------------------------------------------------------------------------- */

bool route_bare_at(const struct route *r, const struct ms_selector *src,
	const struct ms_selector *dst, struct bare_shunt *out)
{
	const struct bare *b = find(r, src, dst);

	if (b != NULL && out != NULL)
		*out = b->b;
	return b != NULL;
}

void route_bare_each(const struct route *r, void (*fn)(void *arg, const struct bare_shunt *b),
	void *arg)
{
	for (const struct bare *b = r->bare->first; b != NULL; b = b->next)
		fn(arg, &b->b);
}

unsigned route_bare_count(const struct route *r)
{
	return (unsigned)r->bare->map.n;
}

static void end_text(const struct ms_selector *s, char *buf, size_t size)
{
	char net[MS_SUBNET_TEXT] = "?";
	struct ms_subnet subnet;

	if (ms_range_to_subnet(&s->range, &subnet) == MS_OK)
		ms_subnet_text(&subnet, net, sizeof net);
	snprintf(buf, size, "%s:%u", net, s->port_last == 65535 ? 0 : s->port_first);
}

size_t route_bare_text(const struct bare_shunt *b, char *buf, size_t size)
{
	static const char *const names[] = { "%none", "%pass", "%drop", "%reject", "%trap", "%hold" };
	char src[MS_SUBNET_TEXT + 8], dst[MS_SUBNET_TEXT + 8];

	end_text(&b->src, src, sizeof src);
	end_text(&b->dst, dst, sizeof dst);
	return (size_t)snprintf(buf, size, "%s -%u-> %s => %s 0    %s", src, b->src.protocol, dst,
		names[b->shunt], b->why);
}

/* --- all together ---------------------------------------------------------------------------- */

/* The order in which a packet meets eroutes. */
static unsigned closeness(const struct pair_node *n)
{
	return n->src_bits * 2048u + n->dst_bits * 8u + (n->src.protocol != 0) * 4u +
	       (n->src.port_first == n->src.port_last) * 2u + (n->dst.port_first == n->dst.port_last);
}

bool route_fate(const struct route *r, const struct ms_selector *src, const struct ms_selector *dst,
	struct route_fate *out)
{
	const struct eroute *e = (void *)pair_map_find(&r->eroutes, src, dst, NULL, NULL);
	const struct bare *b = (void *)pair_map_find(&r->bare->map, src, dst, NULL, NULL);

	/* A bare shunt stands above the trap of a connection for the same two hosts. */
	if (b != NULL && (e == NULL || closeness(&b->node) >= closeness(&e->node)))
		*out = (struct route_fate){ b->b.shunt, NULL, b->b.why, b->b.until_ms };
	else if (e != NULL)
		*out = (struct route_fate){ e->shunt, e->owner, NULL, UINT64_MAX };
	return b != NULL || e != NULL;
}
