/* SPDX-License-Identifier: Apache-2.0 */
/* Peers that are written as names, and hosts whose own address changes: what core/daemon/conns.c
 * does with them, without a loop. */
#include "core/sim/sim_priv.h"

#include <stdlib.h>

static uint64_t names_now(void *ctx)
{
	struct sim_node *n = ctx;

	return n->host.ops->now_ms(n);
}

static void names_due(struct sim *s, void *arg)
{
	struct sim_node *n = arg;

	if (s->now + n->clock_ms < n->names_at || !n->names)
		return;
	n->names_at = UINT64_MAX;
	conn_names_tick(n->names);
}

static void names_deadline(void *ctx, uint64_t at_ms)
{
	struct sim_node *n = ctx;
	struct sim *s = n->sim;
	uint64_t at = at_ms - n->clock_ms;

	n->names_at = at_ms;
	if (at_ms != UINT64_MAX)
		sim_at(s, at_ms > s->now + n->clock_ms ? at : s->now, names_due, n);
}

static void routed(void *arg, ms_err err, const struct ms_why *why)
{
	(void)arg;
	(void)err;
	(void)why;
}

/* SAs stay where they are; who begins anew looks at the names first. */
static void answered(void *ctx, struct conn *c)
{
	struct sim_node *n = ctx;
	struct ms_why why = { "" };
	bool was = c->oriented;
	struct ms_addr from = c->remote.host.addr;

	if (n->ike && was && !ike_waits(c)) {
		ike_follow_peer(n->ike, c);
		return;
	}
	if (!n->ike || sim_orient(n, c, &why))
		return;
	if (was && !ms_addr_eq(&from, &c->remote.host.addr)) {
		n->sim->seen[COVER_FOUND_AGAIN]++;
		route_moved(n->route, c, routed, n);
	}
	if (was)
		ike_readdressed(n->ike, c);
	else if (n->named)
		n->named(c, n);
}

void sim_names(struct sim_node *n)
{
	const struct conn_names_env env = { n->resolver, n, names_now, names_deadline, answered, n };

	n->names_at = UINT64_MAX;
	n->names = conn_names_new(&env);
	if (!n->names)
		abort();
}

bool sim_another_address(void *node, struct conn *c)
{
	struct ms_why why = { "" };

	return conn_names_next(c) && sim_orient(node, c, &why) == MS_OK;
}

void sim_readdress(void *node, struct conn *c)
{
	struct sim_node *n = node;
	struct ms_addr from = c->remote.host.addr;
	struct ms_why why = { "" };

	if (sim_orient(n, c, &why) != MS_OK && !c->oriented)
		conn_names_again(c);
	n->sim->seen[COVER_FOUND_AGAIN] +=
		from.family != 0 && !ms_addr_eq(&from, &c->remote.host.addr);
}

/* What it had at the old address goes; it comes again as it is wanted. */
static void moved(struct sim_node *n, struct conn *c)
{
	ike_left_address(n->ike, c, sim_is_local, n);
	if (c->newest_child != 0)
		return; /* SAs that moved have their policies with them */
	route_moved(n->route, c, routed, n);
}

void sim_renumber(struct sim_node *n, const struct ms_addr *a)
{
	n->addr = n->home = *a;
	if (!n->ike)
		return;
	/* Who is next is asked last: instances of c may go. */
	for (struct conn *c = conn_first(n->conns); c; c = c->all_next) {
		struct ms_addr from = c->local.host.addr;
		bool was = c->oriented;
		struct ms_why why = { "" };

		if (c->template || sim_orient(n, c, &why))
			continue;
		if (!was && n->named)
			n->named(c, n);
		else if (!ms_addr_eq(&from, &c->local.host.addr))
			moved(n, c);
	}
	ike_network_changed(n->ike);
}
