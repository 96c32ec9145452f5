/* SPDX-License-Identifier: Apache-2.0 */
/* Who has which eroute, who uses which route, and who waits for what another one has. */
#include "core/route/route_priv.h"

#include <stdlib.h>
#include <string.h>

struct route_of *route_own(struct route *r, struct conn *c)
{
	struct route_of *o = c->route_of;

	if (o != NULL)
		return o;
	o = calloc(1, sizeof *o);
	if (o == NULL || !ike_heap_keep(&r->heap)) {
		free(o);
		return NULL;
	}
	o->conn = conn_ref(c);
	o->timer.kind = TIMER_OF_CONN;
	memcpy(o->device, c->device, sizeof o->device);
	o->nexthop = c->local.nexthop;
	o->next = r->all;
	if (o->next != NULL)
		o->next->prev = o;
	r->all = o;
	c->route_of = o;
	return o;
}

void route_disown(struct route *r, struct conn *c)
{
	struct route_of *o = c->route_of;

	if (o == NULL || o->eroutes != NULL || o->uses != NULL || o->waits != NULL)
		return;
	route_set_timer(r, &o->timer, UINT64_MAX);
	ike_heap_keep_no_more(&r->heap);
	*(o->prev == NULL ? &r->all : &o->prev->next) = o->next;
	if (o->next != NULL)
		o->next->prev = o->prev;
	c->route_of = NULL;
	free(o);
	conn_unref(&c);
}

/* --- eroutes ----------------------------------------------------------------------------------- */

struct eroute *eroute_at(const struct route *r, const struct ms_selector *src,
	const struct ms_selector *dst)
{
	return (struct eroute *)(void *)pair_map_exact(&r->eroutes, src, dst);
}

static void unlink_eroute(struct eroute *e)
{
	struct eroute **slot = &e->owner->route_of->eroutes;

	while (*slot != e)
		slot = &(*slot)->next;
	*slot = e->next;
	e->next = NULL;
}

static void link_eroute(struct eroute *e, struct conn *c)
{
	e->owner = c;
	e->next = c->route_of->eroutes;
	c->route_of->eroutes = e;
}

static struct eroute *eroute_new(struct route *r, const struct ms_selector *src,
	const struct ms_selector *dst)
{
	struct eroute *e = calloc(1, sizeof *e);

	if (e == NULL)
		return NULL;
	e->node.src = *src;
	e->node.dst = *dst;
	if (pair_map_add(&r->eroutes, &e->node))
		return e;
	free(e);
	return NULL;
}

void eroute_spares_free(struct eroute **spares)
{
	while (*spares != NULL) {
		struct eroute *e = *spares;

		*spares = e->next;
		free(e);
	}
}

bool eroute_spare(struct route *r, struct conn *c, const struct flow *flows, unsigned n,
	struct eroute **spares)
{
	bool all = route_own(r, c) != NULL;

	eroute_spares_free(spares);
	for (unsigned i = 0; i < n && all; i++) {
		struct eroute *e = eroute_at(r, &flows[i].mine, &flows[i].theirs);

		if (e != NULL)
			continue;
		e = eroute_new(r, &flows[i].mine, &flows[i].theirs);
		all = e != NULL;
		if (e != NULL) {
			e->next = *spares;
			*spares = e;
		}
	}
	/* The table keeps the room for them. */
	for (struct eroute *e = *spares; e != NULL; e = e->next)
		pair_map_remove(&r->eroutes, &e->node);
	return all;
}

static struct eroute *from_spares(struct route *r, const struct ms_selector *src,
	const struct ms_selector *dst, struct eroute **spares)
{
	struct eroute *e = *spares;

	*spares = e->next;
	e->next = NULL;
	e->node.src = *src;
	e->node.dst = *dst;
	if (pair_map_add(&r->eroutes, &e->node))
		return e;
	free(e);
	return NULL;
}

bool eroute_take(struct route *r, struct conn *c, const struct ms_selector *src,
	const struct ms_selector *dst, enum ms_shunt shunt, uint32_t child, struct eroute **spares)
{
	struct eroute *e = eroute_at(r, src, dst);
	struct conn *had = e == NULL ? NULL : e->owner;

	if (route_own(r, c) == NULL)
		return false;
	if (e == NULL) {
		e = spares != NULL && *spares != NULL ? from_spares(r, src, dst, spares)
						      : eroute_new(r, src, dst);
		if (e == NULL)
			return false;
		link_eroute(e, c);
	} else if (had != c) {
		unlink_eroute(e);
		link_eroute(e, c);
		route_disown(r, had);
	}
	e->shunt = (uint8_t)shunt;
	e->refused = false;
	e->child = shunt == MS_SHUNT_NONE ? child : 0;
	return true;
}

/* It is for these two hosts and no others: KLIPS' hold took its trap's place, and a bare shunt or an
 * instance does, too. */
static bool is_own_pair(const struct conn *c, const struct ms_selector *src,
	const struct ms_selector *dst)
{
	return c->opportunistic && c->local.n_clients == 1 && c->remote.n_clients == 1 &&
	       ms_selector_eq(&c->local.clients[0], src) && ms_selector_eq(&c->remote.clients[0], dst);
}

bool route_own_trap(const struct route *r, const struct conn *c, const struct ms_selector *src,
	const struct ms_selector *dst)
{
	const struct eroute *e = eroute_at(r, src, dst);

	return e != NULL && e->owner == c && e->shunt == MS_SHUNT_TRAP && is_own_pair(c, src, dst);
}

bool route_trap_follows(const struct conn *c, const struct ms_selector *src,
	const struct ms_selector *dst)
{
	return !c->deleted && c->routing == RT_ROUTED_PROSPECTIVE && is_own_pair(c, src, dst) &&
	       route_resting_shunt(c) == MS_SHUNT_TRAP;
}

bool route_trap_again(struct route *r, struct conn *c, const struct ms_selector *src,
	const struct ms_selector *dst)
{
	return route_trap_follows(c, src, dst) && eroute_at(r, src, dst) == NULL &&
	       eroute_take(r, c, src, dst, MS_SHUNT_TRAP, 0, NULL);
}

void eroute_drop(struct route *r, struct eroute *e)
{
	struct conn *c = e->owner;

	pair_map_remove(&r->eroutes, &e->node);
	unlink_eroute(e);
	free(e);
	route_disown(r, c);
}

/* --- routes ------------------------------------------------------------------------------------ */

/* Routes know destinations only. */
static struct ms_selector network_of(const struct ms_selector *s)
{
	struct ms_selector n = { .range = s->range, .port_last = 65535 };

	return n;
}

struct conn *route_other_user(const struct route *r, const struct conn *c,
	const struct ms_selector *theirs, const char *device)
{
	struct ms_selector net = network_of(theirs);
	struct pair_node *n = pair_map_exact(&r->uses, &net, &net);

	for (; n != NULL; n = pair_map_exact_next(n)) {
		struct route_use *u = (struct route_use *)(void *)n;

		if (u->user != c &&
			(device == NULL || strcmp(u->user->route_of->device, device) == 0))
			return u->user;
	}
	return NULL;
}

struct route_use *route_used(const struct conn *c, const struct ms_selector *theirs)
{
	struct route_use *u = c->route_of == NULL ? NULL : c->route_of->uses;

	while (u != NULL && !ms_range_eq(&u->theirs.range, &theirs->range))
		u = u->next;
	return u;
}

bool route_use(struct route *r, struct conn *c, const struct ms_selector *mine,
	const struct ms_selector *theirs)
{
	struct route_use *u;

	if (route_own(r, c) == NULL)
		return false;
	u = calloc(1, sizeof *u);
	if (u == NULL) {
		route_disown(r, c);
		return false;
	}
	u->node.src = u->node.dst = network_of(theirs);
	u->mine = *mine;
	u->theirs = *theirs;
	u->user = c;
	if (!pair_map_add(&r->uses, &u->node)) {
		free(u);
		route_disown(r, c);
		return false;
	}
	u->next = c->route_of->uses;
	c->route_of->uses = u;
	return true;
}

void route_use_end(struct route *r, struct route_use *u)
{
	struct conn *c = u->user;
	struct route_use **slot = &c->route_of->uses;

	while (*slot != u)
		slot = &(*slot)->next;
	*slot = u->next;
	pair_map_remove(&r->uses, &u->node);
	free(u);
	route_disown(r, c);
}

struct conn *route_owner(const struct route *r, struct conn *c, struct conn **ero_r)
{
	struct conn *best = c->routing >= RT_ROUTED_PROSPECTIVE ? c : NULL;
	struct conn *ero = c->routing != RT_UNROUTED ? c : NULL;

	for (unsigned i = 0; i < c->remote.n_clients; i++) {
		struct ms_selector net = network_of(&c->remote.clients[i]);
		struct pair_node *n = pair_map_exact(&r->uses, &net, &net);

		for (; n != NULL; n = pair_map_exact_next(n)) {
			struct conn *u = ((struct route_use *)(void *)n)->user;

			if (best == NULL || u->routing > best->routing)
				best = u;
		}
		for (unsigned k = 0; k < c->local.n_clients; k++) {
			struct eroute *e = eroute_at(r, &c->local.clients[k], &c->remote.clients[i]);

			if (e != NULL && (ero == NULL || e->owner->routing > ero->routing))
				ero = e->owner;
		}
	}
	if (ero_r != NULL)
		*ero_r = ero;
	return best;
}

/* --- who waits --------------------------------------------------------------------------------- */

void route_waits(struct route *r, struct conn *c, const struct eroute *e)
{
	struct route_wait *w = c->route_of == NULL ? NULL : c->route_of->waits;

	for (; w != NULL; w = w->next)
		if (ms_selector_eq(&w->node.src, &e->node.src) &&
			ms_selector_eq(&w->node.dst, &e->node.dst))
			return;
	if (route_own(r, c) == NULL)
		return;
	w = calloc(1, sizeof *w);
	if (w != NULL) {
		w->node.src = e->node.src;
		w->node.dst = e->node.dst;
		w->conn = c;
		if (pair_map_add(&r->waits, &w->node)) {
			w->next = c->route_of->waits;
			c->route_of->waits = w;
			return;
		}
		free(w);
	}
	route_disown(r, c);
}

static bool still_wants(const struct conn *c)
{
	return !c->deleted && c->routing == RT_UNROUTED && (c->wanted_routed || c->newest_child != 0);
}

struct conn *route_heir(const struct route *r, const struct conn *c)
{
	const struct eroute *e = c->route_of == NULL ? NULL : c->route_of->eroutes;

	for (; e != NULL; e = e->next) {
		struct pair_node *n = pair_map_exact(&r->waits, &e->node.src, &e->node.dst);

		for (; n != NULL; n = pair_map_exact_next(n)) {
			struct conn *w = ((struct route_wait *)(void *)n)->conn;

			if (w != c && still_wants(w))
				return conn_ref(w);
		}
	}
	return NULL;
}

void route_waits_no_more(struct route *r, struct conn *c)
{
	struct route_wait *w, *next;

	if (c->route_of == NULL)
		return;
	w = c->route_of->waits;
	c->route_of->waits = NULL;
	for (; w != NULL; w = next) {
		next = w->next;
		pair_map_remove(&r->waits, &w->node);
		free(w);
	}
	route_disown(r, c);
}
