/* SPDX-License-Identifier: Apache-2.0 */
/* Who is the gateway?  Questions, as many at once and in a second as env says, and their answers. */
#include "core/route/opp_priv.h"

#include <modswan/registry.h>

#include <stdlib.h>

#define PUMP_MS 50

/* Without authentication nobody speaks for another, and there is nothing to ask (RFC 7619). */
static bool itself(struct opp *o)
{
	o->gateways = calloc(1, sizeof *o->gateways);
	if (o->gateways == NULL)
		return false;
	o->gateways[0].addr = o->theirs.range.first;
	o->gateways[0].id.type = MS_ID_NULL;
	o->n = 1;
	return true;
}

static void try_itself(struct opp *o)
{
	opp_to_state(o, OPP_PENDING, false);
	if (itself(o))
		opp_try_next(o);
	else
		opp_fail(o, MS_ERR_NOMEM, NULL);
}

/* Nothing is published, or nobody knows; what is there and cannot be believed is another thing. */
static bool is_nothing(const struct opp *o, ms_err err)
{
	return err != MS_OK && err != MS_ERR_AUTH && err != MS_ERR_NOMEM &&
		(o->template->remote.auth & MS_AUTH_NULL);
}

static bool copy_gateways(struct opp *o, const struct opp_gateway *g, unsigned n)
{
	o->gateways = calloc(n + 1u, sizeof *o->gateways);
	if (o->gateways == NULL)
		return false;
	for (unsigned i = 0; i < n && i < OPP_MAX_GATEWAYS; i++) {
		struct opp_gateway *to = &o->gateways[i];

		to->addr = g[i].addr;
		to->proof = g[i].proof;
		o->n++;
		if (ms_id_copy(&to->id, &g[i].id) != MS_OK)
			return false;
		for (unsigned k = 0; k < g[i].n_keys && k < OPP_MAX_KEYS; k++)
			to->keys[to->n_keys++] = ms_sign()->pubkey_ref(g[i].keys[k]);
	}
	return true;
}

static void found(void *arg, ms_err err, const struct opp_gateway *g, unsigned n, uint32_t ttl_s,
	const struct ms_why *why)
{
	struct opp *o = arg;
	struct opp_table *t = o->table;

	o->query = NULL;
	o->ttl_s = ttl_s;
	opp_to_state(o, OPP_PENDING, false);
	if (opp_is_astray(o)) {
		opp_cancel(o);
	} else if (opp_is_keyed(o)) {
		opp_free(o);
	} else if (is_nothing(o, err)) {
		try_itself(o);
	} else if (err != MS_OK) {
		opp_fail(o, err, why);
	} else if (!copy_gateways(o, g, n)) {
		opp_fail(o, MS_ERR_NOMEM, NULL);
	} else {
		opp_try_next(o);
	}
	opp_pump(t);
}

static void ask(struct opp *o)
{
	struct opp_table *t = o->table;
	const struct conn_end *us = &o->template->local, *them = &o->template->remote;
	struct ms_why why = { "" };
	ms_err err = MS_ERR_UNSUPPORTED;

	if (us->auth == MS_AUTH_NULL && !ms_addr_eq(&o->mine.range.first, &us->host.addr)) {
		err = ms_fail(&why, MS_ERR_NO_CREDENTIAL,
			"who is not authenticated speaks for no other address");
		opp_fail(o, err, &why);
		return;
	}
	if (them->auth == MS_AUTH_NULL) {
		try_itself(o);
		return;
	}
	opp_to_state(o, OPP_POTENTIAL, true);
	t->counts.asked++;
	if (t->env.ask != NULL)
		err = t->env.ask(t->env.ctx, o->template, &o->mine.range.first,
			&o->theirs.range.first, &o->query, found, o, &why);
	else
		(void)ms_fail(&why, err, "no plugin can look for gateways");
	if (err == MS_OK)
		return;
	if (is_nothing(o, err))
		try_itself(o);
	else
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
void opp_pump(struct opp_table *t)
{
	fill(t);
	while (t->waiting.first != NULL && t->counts.asking < t->env.max_asking && t->tokens > 0) {
		t->tokens--;
		ask(t->waiting.first);
	}
	if (t->waiting.first != NULL && t->tokens == 0)
		route_set_timer(t->route, &t->pump, route_now(t->route) + PUMP_MS);
}

