/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seven invariants of routing, for tests and simulation.
 *
 *	1  connections that are routed to the same network agree on device and next hop
 *	2  only one that is erouted to an SA group has an owner of the eroute
 *	3  of two connections with the same networks one is unrouted
 *	4  a pair of networks has one owner at most
 *	5  an unrouted connection has no eroute
 *	6  a routed connection has an eroute for each pair of its networks
 *	7  each eroute of the kernel is known here exactly once, as a connection's or as a bare shunt
 *
 * A connection in the middle of a change is looked at when that has ended.
 */
#include "core/route/route_priv.h"

#include <string.h>

static bool violated(struct ms_why *why, unsigned which, const struct conn *c, const char *what)
{
	char name[256];

	conn_name_text(c, name, sizeof name);
	(void)ms_fail(why, MS_ERR_BUG, "invariant %u: %s (%s): %s", which, name,
		route_state_name(c->routing), what);
	return false;
}

static bool quiet(const struct conn *c)
{
	return c->route_jobs == NULL;
}

/* Has each pair of its networks an eroute?  With an SA group it may be a narrower one. */
static bool has_pairs(const struct route *r, const struct conn *c)
{
	for (unsigned i = 0; i < c->local.n_clients; i++)
		for (unsigned k = 0; k < c->remote.n_clients; k++) {
			const struct eroute *e = eroute_at(r, &c->local.clients[i],
				&c->remote.clients[k]);

			if (!route_is_pair(&c->local.clients[i], &c->remote.clients[k]))
				continue;
			/* An instance for the same two hosts has what was its template's. */
			if (e == NULL || (e->owner != c && e->owner->template != c))
				return false;
		}
	return true;
}

static bool check_routes(const struct route *r, const struct route_of *o, struct ms_why *why)
{
	for (const struct route_use *u = o->uses; u != NULL; u = u->next) {
		const struct conn *other = route_other_user(r, o->conn, &u->theirs, NULL);

		if (other != NULL && (strcmp(o->device, other->route_of->device) != 0 ||
					     !ms_addr_eq(&o->nexthop, &other->route_of->nexthop)))
			return violated(why, 1, o->conn, "its route leads elsewhere for another");
	}
	return true;
}

static bool check_eroutes(const struct route *r, const struct route_of *o, struct ms_why *why)
{
	const struct conn *c = o->conn;
	bool group = false;

	for (const struct eroute *e = o->eroutes; e != NULL; e = e->next) {
		const struct pair_node *first = pair_map_exact(&r->eroutes, &e->node.src,
			&e->node.dst);

		if (first == NULL || pair_map_exact_next(first) != NULL)
			return violated(why, 4, c, "an eroute has several owners");
		if (e->owner != c)
			return violated(why, 7, c, "an eroute is in another's list");
		if (!route_own_trap(r, c, &e->node.src, &e->node.dst) &&
			route_bare_at(r, &e->node.src, &e->node.dst, NULL))
			return violated(why, 7, c, "its eroute is a bare shunt, too");
		group = group || e->shunt == MS_SHUNT_NONE;
	}
	if (!quiet(c))
		return true;
	if (c->routing == RT_UNROUTED && o->eroutes != NULL)
		return violated(why, 5, c, "has an eroute");
	if (c->routing != RT_ROUTED_TUNNEL && c->eroute_owner != 0)
		return violated(why, 2, c, "has an owner of its eroute");
	if (c->routing == RT_ROUTED_TUNNEL && !group)
		return violated(why, 2, c, "has no SA group");
	if (c->routing != RT_UNROUTED && c->routing != RT_ROUTED_TUNNEL && !has_pairs(r, c))
		return violated(why, 6, c, "has no eroute");
	return true;
}

static bool check_twins(const struct route *r, const struct conn *c, struct ms_why *why)
{
	for (unsigned i = 0; i < c->local.n_clients; i++)
		for (unsigned k = 0; k < c->remote.n_clients; k++) {
			const struct ms_selector *mine = &c->local.clients[i];
			const struct ms_selector *theirs = &c->remote.clients[k];
			const struct eroute *e = eroute_at(r, mine, theirs);

			if (e != NULL && e->owner != c && quiet(e->owner) &&
				!(c->opportunistic && e->owner->template == c) &&
				conn_end_has(&e->owner->local, mine) &&
				conn_end_has(&e->owner->remote, theirs))
				return violated(why, 3, c, "another one has the same networks");
		}
	return true;
}

bool route_check(const struct route *r, struct ms_why *why)
{
	size_t n = 0, uses = 0;

	for (const struct route_of *o = r->all; o != NULL; o = o->next) {
		if (o->conn->route_of != o)
			return violated(why, 7, o->conn, "does not know what it has");
		if (!check_routes(r, o, why) || !check_eroutes(r, o, why))
			return false;
		if (quiet(o->conn) && o->conn->routing != RT_UNROUTED &&
			!check_twins(r, o->conn, why))
			return false;
		for (const struct eroute *e = o->eroutes; e != NULL; e = e->next)
			n++;
		for (const struct route_use *u = o->uses; u != NULL; u = u->next)
			uses++;
		if (quiet(o->conn) && o->conn->routing < RT_ROUTED_PROSPECTIVE && o->uses != NULL)
			return violated(why, 6, o->conn, "uses a route");
	}
	if (n != r->eroutes.n || uses != r->uses.n) {
		(void)ms_fail(why, MS_ERR_BUG, "invariant 7: eroutes or routes without an owner");
		return false;
	}
	return true;
}

bool route_knows(const struct route *r, const struct ms_selector *src, const struct ms_selector *dst,
	enum ms_shunt *shunt_r)
{
	const struct eroute *e = eroute_at(r, src, dst);
	struct bare_shunt b;

	/* A bare shunt stands above the trap of a connection for the same two hosts. */
	if (route_bare_at(r, src, dst, &b)) {
		*shunt_r = b.shunt;
		return true;
	}
	if (e == NULL)
		return false;
	*shunt_r = e->shunt;
	return true;
}

struct overlays {
	const struct route *r;
	unsigned n;
};

static void count_overlay(void *arg, const struct bare_shunt *b)
{
	struct overlays *o = arg;

	o->n += eroute_at(o->r, &b->src, &b->dst) != NULL;
}

unsigned route_eroute_count(const struct route *r)
{
	struct overlays o = { r, 0 };

	route_bare_each(r, count_overlay, &o);
	return (unsigned)r->eroutes.n + route_bare_count(r) - o.n;
}
