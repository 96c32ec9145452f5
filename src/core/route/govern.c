/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose policy decides for two hosts, and what goes when it is another one.
 *
 * Opportunism leaves things behind that are closer to a packet than any policy: tunnels and shunts
 * for one pair of addresses.  When connections are routed or go (lists of groups are read again, a
 * person adds one) such a thing may be what an older policy wanted: packets to a peer that is
 * private now would leave in clear as long as a shunt lives, those to one that is blocked would go
 * through the tunnel.  So a little later, all at once, everything is looked at whose policy is not
 * the closest any more.
 */
#include "core/route/route_priv.h"

#include <string.h>

#define SOON_MS 100 /* thousands of members may come together */

static bool is_policy(const struct pair_node *node, void *arg)
{
	(void)arg;
	return ((const struct eroute *)(const void *)node)->owner->instance == 0;
}

static bool is_for_two_hosts(const struct conn *c, const struct ms_selector *mine,
	const struct ms_selector *theirs)
{
	return c->local.n_clients == 1 && c->remote.n_clients == 1 &&
	       ms_selector_eq(&c->local.clients[0], mine) &&
	       ms_selector_eq(&c->remote.clients[0], theirs);
}

/* It would have the eroute, if an instance of another had not. */
static struct conn *waiting_policy(const struct route *r, const struct ms_selector *mine,
	const struct ms_selector *theirs)
{
	struct pair_node *n = pair_map_exact(&r->waits, mine, theirs);

	for (; n != NULL; n = pair_map_exact_next(n)) {
		struct conn *c = ((struct route_wait *)(void *)n)->conn;

		if (c->instance == 0 && !c->deleted && c->wanted_routed)
			return c;
	}
	return NULL;
}

struct conn *route_governor(const struct route *r, const struct ms_selector *mine,
	const struct ms_selector *theirs)
{
	struct conn *c = waiting_policy(r, mine, theirs);
	const struct eroute *e = eroute_at(r, mine, theirs);

	if (c != NULL)
		return c;
	/* An instance stands in the place of its policy's own trap. */
	if (e != NULL && e->owner->for_pair && !e->owner->template->deleted &&
		is_for_two_hosts(e->owner->template, mine, theirs))
		return e->owner->template;
	e = (struct eroute *)(void *)pair_map_find(&r->eroutes, mine, theirs, is_policy, NULL);
	return e == NULL ? NULL : e->owner;
}

static struct conn *astray(const struct route *r)
{
	for (const struct route_of *o = r->all; o != NULL; o = o->next) {
		struct conn *c = o->conn;

		if (c->for_pair && !c->deleted &&
			route_governor(r, &c->local.clients[0], &c->remote.clients[0]) !=
				c->template)
			return c;
	}
	return NULL;
}

/* What stood in its way went without a word to it: an attempt that had not come to anything. */
static struct conn *left_out(const struct route *r)
{
	for (const struct route_of *o = r->all; o != NULL; o = o->next) {
		struct conn *c = o->conn;

		if (o->waits == NULL || c->instance != 0 || c->deleted || !c->wanted_routed ||
			c->routing != RT_UNROUTED || c->route_jobs != NULL)
			continue;
		for (const struct route_wait *w = o->waits; w != NULL; w = w->next)
			if (eroute_at(r, &w->node.src, &w->node.dst) == NULL)
				return conn_ref(c);
	}
	return NULL;
}

void route_govern(struct route *r)
{
	struct conn *c;
	bool again = true;

	bare_govern(r);
	while ((c = astray(r)) != NULL) {
		struct ms_logger lg = conn_logger(c, MS_SOURCE_ROUTE);

		ms_info(&lg, "another policy decides for its two hosts now");
		route_delete_conn(r, c);
	}
	while (again && (c = left_out(r)) != NULL) {
		route_regain(r, c, NULL, NULL);
		again = c->routing != RT_UNROUTED || c->route_jobs != NULL;
		conn_unref(&c);
	}
}

void route_policy_changed(struct route *r)
{
	if (r->policy_timer.pos == 0)
		route_set_timer(r, &r->policy_timer, route_now(r) + SOON_MS);
}
