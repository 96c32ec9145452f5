/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sim/world_priv.h"

#include "core/child/child_sa.h"
#include "core/ike/ike_sa.h"
#include "core/sim/sim_crypto.h"

#include <string.h>

static void look(void *world, uint64_t events)
{
	struct world *w = world;

	world_bounds(w, events);
	if (w->full && !w->traffic_over)
		world_full_people(w);
}

/* Both ends find out about each other by liveness and lifetimes, so that is how long it may take.
 */
static void second_act(struct world *w)
{
	uint64_t limit = w->sim->now + 2 * w->lifetime_ms + 240000;
	char why[300] = "";

	story_say(&w->s, "quiet from now on");
	world_heal(w);
	/* What was on its way is here before anything is asked. */
	if (!story_go(&w->s, 20000))
		return;
	while (!world_settled(w, why, sizeof(why))) {
		if (w->sim->now > limit) {
			story_fail(&w->s, "still not settled: %s", why);
			return;
		}
		if (!story_go(&w->s, 1900))
			return;
	}
	story_say(&w->s, "settled");
}

static void probe_all(struct world *w)
{
	for (unsigned i = 0; i < w->n_ties; i++)
		for (unsigned k = 0; k < 2; k++)
			world_packet(w, &w->ties[i], &w->ties[i].end[k]);
}

/* It was settled, and nothing goes wrong any more: so it stays. */
static void stays(struct world *w)
{
	uint64_t until = w->sim->now + w->lifetime_ms;
	char why[300];
	unsigned bad = 0;

	while (w->sim->now < until) {
		if (!story_go(&w->s, 3700))
			return;
		bad = world_settled(w, why, sizeof(why)) ? 0 : bad + 1;
		/* Among many plutos there is always one that asks another; and people who look after
		 * what tries a few times only need their time. */
		if (bad > (w->full ? 12 : 6) + w->sim->n_nodes / 10) {
			story_fail(&w->s, "settled before, and no more: %s", why);
			return;
		}
		probe_all(w);
	}
}

/* What one end makes while the other one takes it down may cross that word, and is made: then it has
 * to be told, too. */
static void is_untold(struct tie_end *e, const struct conn *c)
{
	struct ike_engine *engine = e->node->ike;

	e->untold = true;
	e->next_serial = engine->next_serial;
	for (const struct ike_sa *ike = engine->first; ike; ike = ike->next)
		e->making |= ike->initiator && !ike->established &&
			     ms_addr_eq(&ike->remote.addr, &c->remote.host.addr);
	for (const struct child_sa *child = c->child_sas; child; child = child->conn_next)
		e->making |= child->initiator && child->state < CHILD_ESTABLISHED;
}

static bool made_since(const struct tie_end *e, const struct conn *c)
{
	const struct child_sa *child = c->child_sas;

	while (child && !(child->initiator && (e->making || child->serial >= e->next_serial)))
		child = child->conn_next;
	return child || (e->making && c->ike_sas);
}

static void third_act(struct world *w)
{
	story_say(&w->s, "all is taken down");
	w->traffic_over = true;
	if (!story_go(&w->s, 5000))
		return;
	for (unsigned i = 0; i < w->n_ties; i++)
		for (unsigned k = 0; k < 2; k++) {
			struct tie_end *e = &w->ties[i].end[k];
			struct conn *c = world_conn(&w->ties[i], e);

			e->wanted = false;
			if (c)
				c->wanted_up = c->wanted_routed = false;
		}
	for (unsigned i = 0; i < w->n_ties; i++)
		for (unsigned k = 0; k < 2; k++) {
			struct tie_end *e = &w->ties[i].end[k];
			struct conn *c = world_conn(&w->ties[i], e);

			/* One end alone does as well as both. */
			if (c && (k == 0 || w->s.o.seed % 3))
				world_terminate(e->node, c);
			else if (c)
				is_untold(e, c);
		}
	if (!story_go(&w->s, 1000))
		return;
	for (unsigned i = 0; i < w->n_ties; i++) {
		struct tie_end *e = &w->ties[i].end[1];
		struct conn *c = world_conn(&w->ties[i], e);

		if (c && e->untold && made_since(e, c))
			world_terminate(e->node, c);
	}
	/* An IKE SA without children goes when its life is over. */
	if (story_go(&w->s, w->lifetime_ms + 100000))
		world_empty(w);
}

static void count(struct world *w)
{
	struct story_result *r = w->s.result;

	story_count(&w->s);
	r->kind = w->kind;
	r->size = w->sim->n_nodes;
	r->links = w->n_ties;
	for (unsigned i = 0; i < w->n_ties; i++)
		r->packets += w->ties[i].end[0].sent + w->ties[i].end[1].sent;
}

void world_run(const struct story_options *o, struct story_result *result)
{
	struct world w = { .s = { .most_events = 100000, .look = look, .arg = &w } };
	struct dice d = { o->seed ^ 0x6d6f647377616e };

	w.plan.state = dice_next(&d);
	w.net.state = dice_next(&d);
	w.fate.state = dice_next(&d);
	w.traffic.state = dice_next(&d);
	sim_crypto_seed(dice_next(&d));
	w.rich = o->seed % 8 == 5;
	w.full = o->seed >= WORLD_FULL_FROM;
	w.extra.state = o->seed ^ 0x72696368;
	w.rich |= w.full && dice_percent(&w.extra, 50);
	story_begin(&w.s, o, result);
	w.sim = w.s.sim;
	w.sim->network = world_network;
	w.sim->network_arg = &w;
	world_plan(&w);
	world_traffic(&w);
	world_trouble(&w);
	if (story_go(&w.s, w.rough_ms))
		second_act(&w);
	if (!result->failed)
		stays(&w);
	if (!result->failed)
		third_act(&w);
	count(&w);
	story_end(&w.s);
	world_plan_free(&w);
}

bool worlds_load(void)
{
	return story_load() && world_keys_load();
}

void worlds_unload(void)
{
	world_keys_unload();
	story_unload();
}
