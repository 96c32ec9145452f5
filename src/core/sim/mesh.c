/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sim/mesh_priv.h"

#include "core/sim/sim_crypto.h"

#include <string.h>

#define LOOK_MS 3000

static void look(void *mesh, uint64_t events)
{
	mesh_bounds(mesh, events);
}

/* --- acts ----------------------------------------------------------------------------------------------- */

/* What was believed has to be forgotten, shunts and lives have to end; a peer that lost all is found
 * out when the life of its SAs is over, at the latest. */
static void second_act(struct mesh *m)
{
	uint64_t since = m->sim->now, limit = since + MESH_SETTLE_MS;
	char why[300] = "";

	story_say(&m->s, "quiet from now on");
	mesh_heal(m);
	do {
		if (m->sim->now > limit) {
			story_fail(&m->s, "still not settled: %s", why);
			return;
		}
		if (!story_go(&m->s, LOOK_MS))
			return;
		mesh_look(m);
	} while (!mesh_all_since(m, since + LOOK_MS, why, sizeof why));
	story_say(&m->s, "settled");
}

/* Lives end and begin again; each time it is as before, when one negotiation has had its time. */
static void stays(struct mesh *m)
{
	uint64_t until = m->sim->now + MESH_LIFE_MS + 2 * MESH_SHUNT_MS;
	char why[300];

	while (m->sim->now < until) {
		if (!story_go(&m->s, LOOK_MS))
			return;
		mesh_look(m);
		if (mesh_none_longer(m, MESH_PATIENCE_MS, why, sizeof why))
			continue;
		story_fail(&m->s, "settled before, and no more: %s", why);
		return;
	}
}

static void third_act(struct mesh *m)
{
	story_say(&m->s, "nobody speaks any more");
	m->silent = true;
	if (story_go(&m->s, MESH_LIFE_MS + MESH_SHUNT_MS + 2 * 1200000))
		mesh_empty(m);
}

static void count(struct mesh *m)
{
	struct story_result *r = m->s.result;

	story_count(&m->s);
	r->kind = m->kind;
	r->size = m->n_hosts;
	r->links = m->n_flows;
	r->packets = m->packets;
	r->questions = m->questions;
	mesh_count_flows(m);
}

void mesh_begin(struct mesh *m, const struct story_options *o, struct story_result *result)
{
	struct dice d = { o->seed ^ 0x6d657368 };

	m->s = (struct story){ .most_events = 3000000, .kernel = mesh_kernel_did, .look = look,
		.arg = m };
	m->plan.state = dice_next(&d);
	m->net.state = dice_next(&d);
	m->fate.state = dice_next(&d);
	m->traffic.state = dice_next(&d);
	m->dns.state = dice_next(&d);
	sim_crypto_seed(dice_next(&d));
	m->kind = o->kind >= 0 ? (enum story_kind)o->kind :
				 (enum story_kind)dice_below(&d, STORY_KINDS);
	m->full = o->seed >= MESH_FULL_FROM;
	story_begin(&m->s, o, result);
	m->sim = m->s.sim;
	m->sim->network = mesh_network;
	m->sim->network_arg = m;
	m->nameless = m->full && dice_percent(&m->plan, 25);
	mesh_plan(m);
	m->act_ms = dice_between(&m->fate, 60000, 600000);
	mesh_trouble(m);
}

void mesh_end(struct mesh *m)
{
	count(m);
	m->silent = true;
	for (unsigned i = 0; i < m->n_hosts; i++)
		mesh_halt(&m->hosts[i], false);
	story_end(&m->s);
	mesh_plan_free(m);
}

static void play(const struct story_options *o, struct story_result *result)
{
	struct mesh m = { .n_hosts = 0 };

	mesh_begin(&m, o, result);
	for (unsigned i = 0; i < m.n_hosts; i++)
		mesh_boot(&m.hosts[i]);
	mesh_traffic(&m);
	if (story_go(&m.s, m.act_ms))
		second_act(&m);
	if (!result->failed)
		stays(&m);
	if (!result->failed)
		third_act(&m);
	mesh_end(&m);
}

void mesh_run(const struct story_options *o, struct story_result *result)
{
	if (o->scan)
		mesh_scan(o, result);
	else
		play(o, result);
}

bool mesh_load(void)
{
	return story_load() && mesh_keys_load() && mesh_conns_load();
}

void mesh_unload(void)
{
	mesh_conns_unload();
	mesh_keys_unload();
	story_unload();
}
