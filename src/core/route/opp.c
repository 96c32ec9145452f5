/* SPDX-License-Identifier: Apache-2.0 */
#include "core/route/route_priv.h"

#include <modswan/registry.h>

#include "core/child/child_sa.h"

#include <stdlib.h>
#include <string.h>

#define MAX_PENDING 1024
#define MAX_ASKING  64
#define PER_SECOND  200
#define PUMP_MS	    50

/* Lives of shunts (RFC 4322 s3.2.5 leaves them open): of what DNS said as long as DNS said it, but
 * not for less than a minute; after silence less than after a refusal, the peer may just be booting.
 * failureshunt=none: a breath, or each packet would be a question. */
#define LIFE_MIN_MS    60000
#define LIFE_SILENT_MS 300000
#define LIFE_NONE_MS   10000

/* An SA pair that nobody uses goes: looked at after a minute, then every twenty. */
#define FIRST_LOOK_MS 60000
#define NEXT_LOOK_MS  1200000

enum opp_state { OPP_POTENTIAL, OPP_PENDING, OPP_KEYED };

struct opp {
	struct pair_node node;
	struct opp *prev, *next; /* of the list of its state */
	struct opp_table *table;
	uint8_t state;
	bool asking;
	struct conn *template, *instance; /* references */
	struct ms_selector mine, theirs;
	void *query;
	struct opp_gateway *gateways;
	unsigned n, at;
	uint32_t ttl_s;
	ms_err err; /* of the last gateway */
	struct ms_why why;
	struct ike_timer timer; /* KEYED: the next look */
	uint64_t octets;	/* at the last one */
};

struct opp_list {
	struct opp *first, *last;
};

struct opp_table {
	struct route *route;
	struct opp_env env;
	struct pair_map map;
	struct opp_list lists[OPP_KEYED + 1];
	struct opp_list waiting; /* to be asked */
	struct opp_counts counts;
	unsigned tokens;
	uint64_t filled_ms;
	struct ike_timer pump;
};

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

static void to_state(struct opp *o, enum opp_state state, bool asking)
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

static struct opp *find(const struct route *r, const struct ms_selector *mine,
	const struct ms_selector *theirs)
{
	return (struct opp *)(void *)pair_map_exact(&r->opp->map, mine, theirs);
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

static void opp_free(struct opp *o)
{
	struct opp_table *t = o->table;

	if (o->query != NULL && t->env.cancel != NULL)
		t->env.cancel(t->env.ctx, o->query);
	to_state(o, OPP_KEYED, false);
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

/* --- the end -------------------------------------------------------------------------------------- */

static uint64_t life_of(const struct opp *o, ms_err err, enum ms_shunt failure)
{
	uint64_t life = o->table->route->failure_ms, ttl = (uint64_t)o->ttl_s * 1000;

	if (failure == MS_SHUNT_NONE && err != MS_ERR_AUTH)
		return LIFE_NONE_MS < life ? LIFE_NONE_MS : life;
	if (err == MS_ERR_TIMEOUT && life > LIFE_SILENT_MS)
		return LIFE_SILENT_MS;
	if ((err == MS_ERR_NO_CREDENTIAL || err == MS_ERR_AUTH) && ttl != 0 && ttl < life)
		return ttl > LIFE_MIN_MS ? ttl : LIFE_MIN_MS < life ? LIFE_MIN_MS : life;
	return life;
}

/* RFC 4322 s3.2: what is published and cannot be believed is denied; else the group decides. */
static void opp_fail(struct opp *o, ms_err err, const struct ms_why *why)
{
	static struct ms_log_limit limit = { .burst = 20, .per_minute = 60 };
	struct ms_logger lg = conn_logger(o->template, MS_SOURCE_ROUTE);
	struct opp_table *t = o->table;
	char mine[MS_ADDR_TEXT], theirs[MS_ADDR_TEXT];
	enum ms_shunt failure = route_failure_shunt(o->template), shunt = failure;

	if (err == MS_ERR_AUTH || failure == MS_SHUNT_NONE)
		shunt = MS_SHUNT_DROP;
	lg.limit = &limit;
	ms_addr_text(&o->mine.range.first, mine, sizeof mine);
	ms_addr_text(&o->theirs.range.first, theirs, sizeof theirs);
	ms_notice(&lg, "Can't Opportunistically initiate for %s to %s: %s", mine, theirs,
		ms_why_text(why, err));
	if (shunt == MS_SHUNT_PASS)
		t->counts.clear++;
	else
		t->counts.denied++;
	route_bare_set(t->route, &o->mine, &o->theirs, shunt, life_of(o, err, failure),
		"oe-failing");
	opp_free(o);
}

/* Nobody wants it any more. */
static void opp_cancel(struct opp *o)
{
	route_bare_end(o->table->route, &o->mine, &o->theirs);
	opp_free(o);
}

/* --- with gateways ---------------------------------------------------------------------------------- */

/* Its hold is nobody's again: another gateway's turn, or the end. */
static void hold_back(struct route *r, struct conn *c)
{
	while (c->route_of != NULL && c->route_of->eroutes != NULL &&
		c->routing == RT_UNROUTED_HOLD) {
		struct ms_selector src = c->route_of->eroutes->node.src;
		struct ms_selector dst = c->route_of->eroutes->node.dst;
		bool last = c->route_of->eroutes->next == NULL;

		if (last) {
			c->routing = RT_UNROUTED;
			route_set_timer(r, &c->route_of->timer, UINT64_MAX);
		}
		eroute_drop(r, c->route_of->eroutes);
		(void)route_trap_again(r, c->template, &src, &dst);
		route_bare_set(r, &src, &dst, MS_SHUNT_HOLD, UINT64_MAX, "oe-pending");
	}
}

static void drop_instance(struct opp *o)
{
	struct conn *c = o->instance;
	struct route *r = o->table->route;

	o->instance = NULL;
	if (c == NULL)
		return;
	hold_back(r, c);
	if (!c->deleted && c->ike_sas == NULL && c->child_sas == NULL)
		conn_delete(r->env.conns, c);
	conn_unref(&c);
}

static bool is_ours(const struct opp *o, const struct ms_addr *a)
{
	return ms_addr_eq(a, &o->template->local.host.addr);
}

static struct conn *instance_for(struct opp *o, const struct opp_gateway *g)
{
	struct ms_endpoint ep = { g->addr, 500 };
	struct ms_id id = { 0 };
	struct conn *c;

	if (g->id.type == MS_ID_ANY && ms_id_of_addr(&id, &g->addr) != MS_OK)
		return NULL;
	c = conn_instantiate_pair(o->table->route->env.conns, o->template, &ep,
		g->id.type == MS_ID_ANY ? &id : &g->id, &o->mine, &o->theirs, g->keys, g->n_keys);
	ms_id_free(&id);
	return c;
}

/* The next gateway, or the end. */
static void try_next(struct opp *o)
{
	struct route *r = o->table->route;

	while (o->at < o->n) {
		const struct opp_gateway *g = &o->gateways[o->at++];

		if (g->addr.family != o->template->local.host.addr.family || is_ours(o, &g->addr))
			continue;
		o->instance = instance_for(o, g);
		if (o->instance == NULL)
			break;
		to_state(o, OPP_PENDING, false);
		route_ask_for(r, o->instance);
		return;
	}
	if (o->err == MS_OK)
		o->err = ms_fail(&o->why, MS_ERR_NO_CREDENTIAL,
			"no gateway is named that could be reached");
	opp_fail(o, o->err, &o->why);
}

bool opp_attempt_over(struct route *r, struct conn *c, ms_err err, const struct ms_why *why)
{
	struct opp *o = c->instance == 0 ? NULL :
		find(r, &c->local.clients[0], &c->remote.clients[0]);

	if (o == NULL || o->instance != c || o->state != OPP_PENDING)
		return false;
	if (err == MS_OK) {
		o->table->counts.keyed++;
		to_state(o, OPP_KEYED, false);
		o->octets = 0;
		route_set_timer(r, &o->timer, route_now(r) + FIRST_LOOK_MS);
		return c->routing == RT_ROUTED_TUNNEL;
	}
	/* Records that are bogus are no reason to go on in clear, whatever the policy; a peer that will not
	 * believe us, or whom we do not believe, is what failureshunt= is for: who could stage that could
	 * as well keep silent. */
	o->err = ms_fail(&o->why, err == MS_ERR_AUTH ? MS_ERR_PEER_REFUSED : err, "%s",
		ms_why_text(why, err));
	drop_instance(o);
	if (err == MS_ERR_CANCELLED || o->template->deleted)
		opp_cancel(o);
	else
		try_next(o);
	return true;
}

/* --- asking ------------------------------------------------------------------------------------------ */

static void pump(struct opp_table *t);

static bool copy_gateways(struct opp *o, const struct opp_gateway *g, unsigned n)
{
	o->gateways = calloc(n + 1u, sizeof *o->gateways);
	if (o->gateways == NULL)
		return false;
	for (unsigned i = 0; i < n && i < OPP_MAX_GATEWAYS; i++) {
		struct opp_gateway *to = &o->gateways[i];

		to->addr = g[i].addr;
		o->n++;
		if (ms_id_copy(&to->id, &g[i].id) != MS_OK)
			return false;
		for (unsigned k = 0; k < g[i].n_keys && k < OPP_MAX_KEYS; k++)
			to->keys[to->n_keys++] = ms_sign()->pubkey_ref(g[i].keys[k]);
	}
	return true;
}

/* A peer's packet was quicker: the pair has an SA group. */
static bool keyed_meanwhile(const struct opp *o)
{
	const struct eroute *e = eroute_at(o->table->route, &o->mine, &o->theirs);

	return e != NULL && e->shunt == MS_SHUNT_NONE;
}

static void found(void *arg, ms_err err, const struct opp_gateway *g, unsigned n, uint32_t ttl_s,
	const struct ms_why *why)
{
	struct opp *o = arg;
	struct opp_table *t = o->table;

	o->query = NULL;
	o->ttl_s = ttl_s;
	to_state(o, OPP_PENDING, false);
	if (o->template->deleted) {
		opp_cancel(o);
	} else if (keyed_meanwhile(o)) {
		opp_free(o);
	} else if (err != MS_OK) {
		opp_fail(o, err, why);
	} else if (!copy_gateways(o, g, n)) {
		opp_fail(o, MS_ERR_NOMEM, NULL);
	} else {
		try_next(o);
	}
	pump(t);
}

static void ask(struct opp *o)
{
	struct opp_table *t = o->table;
	struct ms_why why = { "" };
	ms_err err = MS_ERR_UNSUPPORTED;

	to_state(o, OPP_POTENTIAL, true);
	t->counts.asked++;
	if (t->env.ask == NULL) {
		(void)ms_fail(&why, err, "no plugin can look for gateways");
		opp_fail(o, err, &why);
		return;
	}
	err = t->env.ask(t->env.ctx, o->template, &o->mine.range.first, &o->theirs.range.first,
		&o->query, found, o, &why);
	if (err != MS_OK)
		opp_fail(o, err, &why);
}

static void fill(struct opp_table *t)
{
	uint64_t now = route_now(t->route);
	uint64_t more = (now - t->filled_ms) * t->env.per_second / 1000;

	if (more == 0)
		return;
	t->filled_ms = now;
	t->tokens = more + t->tokens > t->env.per_second ? t->env.per_second :
							   t->tokens + (unsigned)more;
}

/* As many questions as may be asked now. */
static void pump(struct opp_table *t)
{
	fill(t);
	while (t->waiting.first != NULL && t->counts.asking < t->env.max_asking && t->tokens > 0) {
		t->tokens--;
		ask(t->waiting.first);
	}
	if (t->waiting.first != NULL && t->tokens == 0)
		route_set_timer(t->route, &t->pump, route_now(t->route) + PUMP_MS);
}

/* --- beginning ----------------------------------------------------------------------------------------- */

/* One address, with as much of protocol and ports as the template's eroute has. */
static struct ms_selector one_host(const struct ms_selector *packet, const struct ms_selector *trap)
{
	struct ms_selector s = *trap;

	s.range = packet->range;
	return s;
}

static struct opp *opp_new(struct route *r, struct conn *template, const struct ms_selector *mine,
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
	struct opp *o = find(r, &mine, &theirs);
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
	pump(t);
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

/* --- idle tunnels -------------------------------------------------------------------------------------- */

struct look {
	struct route *r;
	struct ms_selector mine, theirs;
	struct ms_kernel_op ops[2];
};

static void looked(void *arg, ms_err err, unsigned failed, const struct ms_why *why)
{
	struct look *l = arg;
	struct opp *o = find(l->r, &l->mine, &l->theirs);
	uint64_t octets = l->ops[0].counters.octets + l->ops[1].counters.octets;

	(void)failed;
	(void)why;
	l->r->jobs--;
	if (o != NULL && o->state == OPP_KEYED && o->instance->routing == RT_ROUTED_TUNNEL) {
		/* A fresh pair, after a rekeying, has counted less. */
		bool used = err != MS_OK || octets != o->octets;

		o->octets = octets;
		if (used)
			route_set_timer(l->r, &o->timer, route_now(l->r) + NEXT_LOOK_MS);
		else if (l->r->env.terminate != NULL)
			l->r->env.terminate(l->r->env.ctx, o->instance);
	}
	free(l);
}

static void look(struct opp *o)
{
	struct route *r = o->table->route;
	const struct child_sa *child = o->instance->child_sas;
	struct look *l;

	while (child != NULL && child->serial != o->instance->newest_child)
		child = child->conn_next;
	if (child == NULL || o->instance->routing != RT_ROUTED_TUNNEL) {
		opp_free(o);
		return;
	}
	l = calloc(1, sizeof *l);
	if (l == NULL) {
		route_set_timer(r, &o->timer, route_now(r) + NEXT_LOOK_MS);
		return;
	}
	*l = (struct look){ .r = r, .mine = o->mine, .theirs = o->theirs };
	l->ops[0].kind = l->ops[1].kind = MS_KOP_SA_QUERY;
	l->ops[0].sa.said = (struct ms_said){ child->local.addr, child->spi_in, child_proto(child) };
	l->ops[0].sa.inbound = true;
	l->ops[1].sa.said = (struct ms_said){ child->remote.addr, child->spi_out, child_proto(child) };
	r->jobs++;
	r->host->ops->kernel(r->host->ctx, l->ops, 2, looked, l);
}

void opp_timer(struct route *r, struct ike_timer *t)
{
	if (t->kind == TIMER_OF_OPP)
		look(container_of(t, struct opp, timer));
	else
		pump(r->opp);
}
