/* SPDX-License-Identifier: Apache-2.0 */
/* One gateway after the other, and what becomes of a flow in the end. */
#include "core/route/opp_priv.h"

#include "core/child/child_sa.h"

/* Lives of shunts (RFC 4322 s3.2.5 leaves them open): of what DNS said as long as DNS said it, but
 * not for less than a minute; after silence less than after a refusal, the peer may just be booting.
 * failureshunt=none: a breath, or each packet would be a question. */
#define LIFE_MIN_MS    60000
#define LIFE_SILENT_MS 300000
#define LIFE_NONE_MS   10000

/* --- the end -------------------------------------------------------------------------------------- */

static uint64_t life_of(const struct opp *o, ms_err err, enum ms_shunt failure)
{
	uint64_t life = o->table->route->failure_ms, ttl = (uint64_t)o->ttl_s * 1000;

	if (failure == MS_SHUNT_NONE && err != MS_ERR_AUTH)
		return LIFE_NONE_MS < life ? LIFE_NONE_MS : life;
	if (err == MS_ERR_TIMEOUT && life > LIFE_SILENT_MS)
		return LIFE_SILENT_MS;
	/* A peer that signs with another key than the record's: DNS may be late (RFC 4322 s3.2.5). */
	if ((err == MS_ERR_NO_CREDENTIAL || err == MS_ERR_AUTH || o->unproved) && ttl != 0 &&
		ttl < life)
		return ttl > LIFE_MIN_MS ? ttl : LIFE_MIN_MS < life ? LIFE_MIN_MS : life;
	return life;
}

/* RFC 4322 s3.2: what is published and cannot be believed is denied; else the group decides. */
void opp_fail(struct opp *o, ms_err err, const struct ms_why *why)
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
	bare_is_of(t->route, &o->mine, &o->theirs, o->template);
	opp_free(o);
}

/* Nobody wants it any more. */
void opp_cancel(struct opp *o)
{
	struct route *r = o->table->route;

	route_bare_end(r, &o->mine, &o->theirs);
	if (opp_is_astray(o))
		route_policy_changed(r);
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

/* The flow's reference goes, and with it the instance unless it has an SA still. */
static void drop(struct route *r, struct conn *c)
{
	hold_back(r, c);
	if (!c->deleted && c->ike_sas == NULL && c->child_sas == NULL)
		conn_delete(r->env.conns, c);
	conn_unref(&c);
}

static void drop_instance(struct opp *o)
{
	struct conn *c = o->instance;

	o->instance = NULL;
	if (c != NULL)
		drop(o->table->route, c);
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
	if (c != NULL && g->n_keys > 0 && o->template->remote.pubkeys[0] == NULL)
		c->remote.keys_from = g->proof;
	ms_id_free(&id);
	return c;
}

/* The next gateway, or the end. */
void opp_try_next(struct opp *o)
{
	struct route *r = o->table->route;

	while (o->at < o->n) {
		const struct opp_gateway *g = &o->gateways[o->at++];

		if (g->addr.family != o->template->local.host.addr.family || is_ours(o, &g->addr))
			continue;
		o->instance = instance_for(o, g);
		if (o->instance == NULL)
			break;
		opp_to_state(o, OPP_PENDING, false);
		route_ask_for(r, o->instance);
		return;
	}
	if (o->err == MS_OK)
		o->err = ms_fail(&o->why, MS_ERR_NO_CREDENTIAL,
			"no gateway is named that could be reached");
	opp_fail(o, o->err, &o->why);
}

static struct opp *opp_of(const struct route *r, const struct conn *c)
{
	struct opp *o = c->instance == 0 ? NULL :
		opp_find(r, &c->local.clients[0], &c->remote.clients[0]);

	return o != NULL && o->instance == c && o->state == OPP_PENDING ? o : NULL;
}

void opp_taken(struct route *r, struct conn *c)
{
	struct opp *o = opp_of(r, c);

	if (o == NULL || !opp_is_keyed(o))
		return;
	o->instance = conn_ref(eroute_at(r, &o->mine, &o->theirs)->owner);
	o->table->counts.keyed++;
	opp_keyed(o);
	if (r->env.terminate != NULL)
		r->env.terminate(r->env.ctx, c);
	drop(r, c);
}

bool opp_attempt_over(struct route *r, struct conn *c, ms_err err, const struct ms_why *why)
{
	struct opp *o = opp_of(r, c);

	if (o == NULL)
		return false;
	/* The peer began, too, and its attempt was the one that succeeded. */
	if (err == MS_OK || c->routing == RT_ROUTED_TUNNEL) {
		o->table->counts.keyed++;
		opp_keyed(o);
		return c->routing == RT_ROUTED_TUNNEL;
	}
	if (opp_is_keyed(o)) {
		drop_instance(o);
		opp_free(o);
		return true;
	}
	/* Records that are bogus are no reason to go on in clear, whatever the policy; a peer that will not
	 * believe us, or whom we do not believe, is what failureshunt= is for: who could stage that could
	 * as well keep silent. */
	o->unproved |= err == MS_ERR_AUTH;
	o->err = ms_fail(&o->why, err == MS_ERR_AUTH ? MS_ERR_PEER_REFUSED : err, "%s",
		ms_why_text(why, err));
	drop_instance(o);
	if (err == MS_ERR_CANCELLED || opp_is_astray(o))
		opp_cancel(o);
	else
		opp_try_next(o);
	return true;
}
