/* SPDX-License-Identifier: Apache-2.0 */
/* Tunnels that nobody uses go, whoever began; so do those of peers that are no more. */
#include "core/route/opp_priv.h"

#include "core/child/child_sa.h"

#include <stdlib.h>

/* Each pair is looked at every minute: one that nobody used for twenty, or not at all in its first
 * minute, goes.  Of one that takes packets and brings none back the peer is asked whether he is there
 * (RFC 7296 s2.4). */
#define LOOK_MS UINT64_C(60000)
#define IDLE_MS UINT64_C(1200000)

struct look {
	struct route *r;
	struct ms_selector mine, theirs;
	struct ms_kernel_op ops[2];
};

static void judge(struct opp *o, bool known, uint64_t in, uint64_t out)
{
	struct route *r = o->table->route;
	uint64_t now = route_now(r);
	/* A fresh pair, after a rekeying, has counted less. */
	bool used = !known || in != o->in || out != o->out;
	bool unanswered = known && out > o->out && in == o->in;

	o->in = in;
	o->out = out;
	if (used)
		o->used_ms = now;
	if (now - o->used_ms >= IDLE_MS && r->env.terminate != NULL) {
		r->env.terminate(r->env.ctx, o->instance);
		return;
	}
	route_set_timer(r, &o->timer, now + LOOK_MS);
	if (unanswered && r->env.probe != NULL)
		r->env.probe(r->env.ctx, o->instance);
}

static void looked(void *arg, ms_err err, unsigned failed, const struct ms_why *why)
{
	struct look *l = arg;
	struct route *r = l->r;
	struct opp *o = opp_find(r, &l->mine, &l->theirs);

	(void)failed;
	(void)why;
	r->jobs--;
	if (o != NULL && o->state == OPP_KEYED && o->instance->routing == RT_ROUTED_TUNNEL)
		judge(o, err == MS_OK, l->ops[0].counters.octets, l->ops[1].counters.octets);
	free(l);
}

void opp_keyed(struct opp *o)
{
	struct route *r = o->table->route;

	opp_to_state(o, OPP_KEYED, false);
	o->in = o->out = 0;
	/* Unused at the first look: it goes. */
	o->used_ms = route_now(r) + LOOK_MS - IDLE_MS;
	route_set_timer(r, &o->timer, route_now(r) + LOOK_MS);
}

void opp_made(struct route *r, struct conn *c)
{
	struct conn *template = c->instance == 0 ? NULL : c->template;
	struct opp *o;

	if (template == NULL || !template->opportunistic || r->going)
		return;
	o = opp_find(r, &c->local.clients[0], &c->remote.clients[0]);
	if (o != NULL && (o->state != OPP_KEYED || o->instance == c))
		return;
	if (o != NULL)
		conn_unref(&o->instance);
	else
		o = opp_new(r, template, &c->local.clients[0], &c->remote.clients[0]);
	if (o == NULL)
		return; /* it goes when its life is over */
	o->instance = conn_ref(c);
	opp_keyed(o);
}

void opp_look(struct opp *o)
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
		route_set_timer(r, &o->timer, route_now(r) + LOOK_MS);
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
