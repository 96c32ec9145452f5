/* SPDX-License-Identifier: Apache-2.0 */
/* What users do to a mesh, and what goes wrong in it. */
#include "core/sim/mesh_priv.h"

#include <stdlib.h>

/* --- users -------------------------------------------------------------------------------------------- */

void mesh_speak(struct sim *s, void *flow)
{
	struct mesh_flow *f = flow;
	struct mesh *m = f->m;

	if (m->silent)
		return;
	f->asked_ms = s->now;
	mesh_packet(m, &(struct mesh_packet){ f, false, f->a, f->a->n->addr, f->b->n->addr });
	sim_at(s, s->now + f->every_ms + dice_below(&m->traffic, 300), mesh_speak, f);
}

/* Many pairs begin at the same moment. */
void mesh_traffic(struct mesh *m)
{
	for (unsigned i = 0; i < m->n_flows; i++) {
		struct mesh_flow *f = &m->flows[i];
		uint64_t at = m->sim->now + 2000 + dice_below(&m->traffic, 10000);

		if (f->back != NULL && f->back < f && dice_percent(&m->traffic, 60))
			at = m->sim->now + 1000;
		if (f->back != NULL && f->back > f && dice_percent(&m->traffic, 60))
			at = m->sim->now + 1000;
		sim_at(m->sim, at, mesh_speak, f);
	}
}

/* --- the network -------------------------------------------------------------------------------------- */

bool mesh_cut(const struct mesh *m, const struct mesh_host *a, const struct mesh_host *b)
{
	for (unsigned i = 0; i < MESH_SPLITS; i++)
		if (m->split_on[i] && m->split[i][a->index] != m->split[i][b->index])
			return true;
	return false;
}

void mesh_network(void *mesh, struct sim_packet *p, struct sim_fate *fate)
{
	struct mesh *m = mesh;
	const struct mesh_host *to = mesh_owner(m, &p->dst.addr);

	if (to == NULL || p->from == NULL || mesh_cut(m, p->from->user, to)) {
		m->sim->seen[COVER_CUT] += to != NULL;
		fate->lose = true;
		return;
	}
	if (m->calm)
		return;
	fate->lose = dice_percent(&m->net, m->lose);
	fate->copies = dice_percent(&m->net, m->copy);
	fate->delay_ms = dice_below(&m->net, m->late + 1);
	fate->copy_delay_ms = dice_below(&m->net, 3 * m->late + 1);
}

static void split_over(struct sim *s, void *arg)
{
	struct mesh *m = arg;

	(void)s;
	for (unsigned i = 0; i < MESH_SPLITS; i++)
		if (m->split_on[i] && (m->calm || dice_percent(&m->fate, 60))) {
			m->split_on[i] = false;
			story_say(&m->s, "split %u is over", i);
			return;
		}
}

/* The other side has no DNS, too. */
static void split(struct mesh *m)
{
	unsigned k = (unsigned)dice_below(&m->fate, MESH_SPLITS);
	unsigned percent = (unsigned)dice_between(&m->fate, 5, 50);

	if (m->split_on[k])
		return;
	for (unsigned i = 0; i < m->n_hosts; i++)
		m->split[k][i] = dice_percent(&m->fate, percent);
	m->split_on[k] = true;
	story_say(&m->s, "split %u", k);
	sim_at(m->sim, m->sim->now + dice_between(&m->fate, 5000, 120000), split_over, m);
}

/* --- hosts -------------------------------------------------------------------------------------------- */

static void boot(struct sim *s, void *arg)
{
	struct mesh_host *h = arg;

	(void)s;
	if (h->n->ike == NULL)
		mesh_boot(h);
}

static void restart(struct mesh *m, struct mesh_host *h)
{
	if (h->n->ike == NULL)
		return;
	mesh_halt(h, dice_percent(&m->fate, 40));
	sim_at(m->sim, m->sim->now + dice_between(&m->fate, 100, 60000), boot, h);
}

/* The zone changes at once; what others believe does not. */
static void other_key(struct mesh *m, struct mesh_host *h)
{
	h->rsa = (h->rsa + 1 + (unsigned)dice_below(&m->fate, MESH_RSA_KEYS - 1)) % MESH_RSA_KEYS;
	story_say(&m->s, "%s has another key", h->name);
}

static void other_lists(struct mesh *m, struct mesh_host *h)
{
	if (h->n->ike == NULL || h->policy_events == NULL)
		return;
	mesh_plan_lines(m, h);
	h->changed_ms = m->sim->now;
	story_say(&m->s, "%s has other lists", h->name);
	h->policy_events->changed(h->policy_ctx, NULL);
}

static void trouble(struct sim *s, void *arg)
{
	struct mesh *m = arg;
	struct mesh_host *h = &m->hosts[dice_below(&m->fate, m->n_hosts)];
	unsigned what = (unsigned)dice_below(&m->fate, m->kind == STORY_WILD ? 100 : 50);

	if (m->calm)
		return;
	if (what < 35)
		restart(m, h);
	else if (what < 50)
		split(m);
	else if (what < 75)
		other_key(m, h);
	else
		other_lists(m, h);
	sim_at(s, s->now + 1 + dice_below(&m->fate, 120000 / m->n_hosts + 1), trouble, m);
}

void mesh_trouble(struct mesh *m)
{
	m->dns_late_ms = 50;
	m->calm = m->kind == STORY_CALM;
	if (m->calm)
		return;
	m->dns_late_ms = (unsigned)dice_between(&m->fate, 50, 3000);
	m->lose = (unsigned)dice_below(&m->fate, 30);
	m->copy = (unsigned)dice_below(&m->fate, 20);
	m->late = (unsigned)dice_below(&m->fate, 1000);
	m->dns_silent = (unsigned)dice_below(&m->fate, 30);
	m->dns_fails = (unsigned)dice_below(&m->fate, 20);
	if (m->kind >= STORY_WILD)
		m->dns_lies = (unsigned)dice_below(&m->fate, 10);
	if (m->kind >= STORY_ROUGH)
		sim_at(m->sim, m->sim->now + 5000, trouble, m);
}

void mesh_heal(struct mesh *m)
{
	m->calm = true;
	m->healed_ms = m->sim->now;
	for (unsigned i = 0; i < MESH_SPLITS; i++)
		m->split_on[i] = false;
	for (unsigned i = 0; i < m->n_hosts; i++)
		if (m->hosts[i].n->ike == NULL)
			mesh_boot(&m->hosts[i]);
}
