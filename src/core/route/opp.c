/* SPDX-License-Identifier: Apache-2.0 */
/* Flows of opportunism: the table, their states, and how one begins. */
#include "core/route/opp_priv.h"

#include <modswan/registry.h>

#include <stdlib.h>

#define MAX_PENDING 1024
#define MAX_ASKING  64
#define PER_SECOND  200

struct opp_table *opp_table_new(struct route *r)
{
	struct opp_table *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->route = r;
	if (r->env.opp != NULL)
		t->env = *r->env.opp;
	t->env.max_pending = t->env.max_pending != 0 ? t->env.max_pending : MAX_PENDING;
	t->env.max_asking = t->env.max_asking != 0 ? t->env.max_asking : MAX_ASKING;
	t->env.per_second = t->env.per_second != 0 ? t->env.per_second : PER_SECOND;
	t->tokens = t->env.per_second;
	t->pump.kind = TIMER_OF_OPP_TABLE;
	if (!pair_map_init(&t->map, r->eroutes.seed)) {
		free(t);
		return NULL;
	}
	return t;
}

/* --- lists ----------------------------------------------------------------------------------- */

static struct opp_list *list_of(struct opp *o)
{
	if (o->state == OPP_POTENTIAL && !o->asking)
		return &o->table->waiting;
	return &o->table->lists[o->state];
}

static void enlist(struct opp *o)
{
	struct opp_list *l = list_of(o);

	o->prev = l->last;
	o->next = NULL;
	*(l->last == NULL ? &l->first : &l->last->next) = o;
	l->last = o;
}

static void delist(struct opp *o)
{
	struct opp_list *l = list_of(o);

	*(o->prev == NULL ? &l->first : &o->prev->next) = o->next;
	*(o->next == NULL ? &l->last : &o->next->prev) = o->prev;
	o->prev = o->next = NULL;
}

void opp_to_state(struct opp *o, enum opp_state state, bool asking)
{
	struct opp_counts *n = &o->table->counts;

	delist(o);
	n->pending -= o->state != OPP_KEYED;
	n->asking -= o->asking;
	o->state = (uint8_t)state;
	o->asking = asking;
	n->pending += o->state != OPP_KEYED;
	n->asking += o->asking;
	enlist(o);
}

struct opp *opp_find(const struct route *r, const struct ms_selector *mine,
	const struct ms_selector *theirs)
{
	return (struct opp *)(void *)pair_map_exact(&r->opp->map, mine, theirs);
}

bool opp_is_keyed(const struct opp *o)
{
	const struct eroute *e = eroute_at(o->table->route, &o->mine, &o->theirs);

	return e != NULL && e->shunt == MS_SHUNT_NONE;
}

bool opp_is_astray(const struct opp *o)
{
	return o->template->deleted ||
	       route_governor(o->table->route, &o->mine, &o->theirs) != o->template;
}

static void forget_gateways(struct opp *o)
{
	for (unsigned i = 0; i < o->n; i++) {
		for (unsigned k = 0; k < o->gateways[i].n_keys; k++)
			ms_sign()->pubkey_free(&o->gateways[i].keys[k]);
		ms_id_free(&o->gateways[i].id);
	}
	free(o->gateways);
	o->gateways = NULL;
	o->n = o->at = 0;
}

void opp_free(struct opp *o)
{
	struct opp_table *t = o->table;

	if (o->query != NULL && t->env.cancel != NULL)
		t->env.cancel(t->env.ctx, o->query);
	opp_to_state(o, OPP_KEYED, false);
	delist(o);
	route_set_timer(t->route, &o->timer, UINT64_MAX);
	pair_map_remove(&t->map, &o->node);
	forget_gateways(o);
	conn_unref(&o->instance);
	conn_unref(&o->template);
	free(o);
}

void opp_table_free(struct opp_table **table)
{
	struct opp_table *t = *table;

	if (t == NULL)
		return;
	*table = NULL;
	for (unsigned i = 0; i <= OPP_KEYED; i++)
		while (t->lists[i].first != NULL)
			opp_free(t->lists[i].first);
	while (t->waiting.first != NULL)
		opp_free(t->waiting.first);
	route_set_timer(t->route, &t->pump, UINT64_MAX);
	pair_map_done(&t->map);
	free(t);
}

void opp_counts(const struct route *r, struct opp_counts *out)
{
	*out = r->opp->counts;
}

/* --- beginning ----------------------------------------------------------------------------------------- */

/* One address, with as much of protocol and ports as the template's eroute has. */
static struct ms_selector one_host(const struct ms_selector *packet, const struct ms_selector *trap)
{
	struct ms_selector s = *trap;

	s.range = packet->range;
	return s;
}

struct opp *opp_new(struct route *r, struct conn *template, const struct ms_selector *mine,
	const struct ms_selector *theirs)
{
	struct opp_table *t = r->opp;
	struct opp *o = calloc(1, sizeof *o);

	if (o == NULL)
		return NULL;
	o->table = t;
	o->mine = o->node.src = *mine;
	o->theirs = o->node.dst = *theirs;
	o->timer.kind = TIMER_OF_OPP;
	if (!pair_map_add(&t->map, &o->node)) {
		free(o);
		return NULL;
	}
	o->template = conn_ref(template);
	t->counts.pending++;
	enlist(o);
	return o;
}

void opp_packet(struct route *r, struct conn *template, const struct ms_selector *src,
	const struct ms_selector *dst)
{
	struct ms_selector mine = one_host(src, &template->local.clients[0]);
	struct ms_selector theirs = one_host(dst, &template->remote.clients[0]);
	struct opp_table *t = r->opp;
	struct opp *o = opp_find(r, &mine, &theirs);
	struct bare_shunt b;

	if (o != NULL && o->state == OPP_KEYED && o->instance->routing != RT_ROUTED_TUNNEL) {
		opp_free(o);
		o = NULL;
	}
	if (o != NULL || template->deleted ||
		(eroute_at(r, &mine, &theirs) != NULL && !route_own_trap(r, template, &mine, &theirs)) ||
		(route_bare_at(r, &mine, &theirs, &b) && b.shunt != MS_SHUNT_HOLD))
		return;
	if (t->counts.pending >= t->env.max_pending) {
		t->counts.refused++;
		return;
	}
	o = opp_new(r, template, &mine, &theirs);
	if (o == NULL)
		return;
	t->counts.packets++;
	route_bare_set(r, &mine, &theirs, route_hold_shunt(template), UINT64_MAX, "oe-pending");
	opp_pump(t);
}

ms_err opp_initiate(struct route *r, const struct ms_addr *mine, const struct ms_addr *theirs,
	struct ms_why *why)
{
	struct ms_subnet m = ms_subnet_host(mine), t = ms_subnet_host(theirs);
	struct ms_selector src = ms_selector_of_subnet(&m), dst = ms_selector_of_subnet(&t);
	struct conn *c = route_find(r, &src, &dst);

	if (c == NULL || !c->opportunistic || c->routing != RT_ROUTED_PROSPECTIVE)
		return ms_fail(why, MS_ERR_NOT_FOUND,
			"no routed Opportunistic template covers this pair");
	opp_packet(r, c, &src, &dst);
	return MS_OK;
}

void opp_timer(struct route *r, struct ike_timer *t)
{
	if (t->kind == TIMER_OF_OPP)
		opp_look(container_of(t, struct opp, timer));
	else
		opp_pump(r->opp);
}
