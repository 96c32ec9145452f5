/* SPDX-License-Identifier: Apache-2.0 */
/* Tunnels that nobody uses go. */
#include "core/route/opp_priv.h"

#include "core/child/child_sa.h"

#include <stdlib.h>

/* An SA pair that nobody uses goes: looked at after a minute, then every twenty. */
#define NEXT_LOOK_MS  1200000

struct look {
	struct route *r;
	struct ms_selector mine, theirs;
	struct ms_kernel_op ops[2];
};

static void looked(void *arg, ms_err err, unsigned failed, const struct ms_why *why)
{
	struct look *l = arg;
	struct opp *o = opp_find(l->r, &l->mine, &l->theirs);
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
