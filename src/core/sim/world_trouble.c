/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that goes wrong in the first act: a network, and a table of troubles by kind of world. */
#include "core/ike/window.h"
#include "core/sim/world_priv.h"

#include "core/ike/ike_sa.h"

#include <stdlib.h>
#include <string.h>

/* --- network ---------------------------------------------------------------------------------- */

void world_network(void *world, struct sim_packet *p, struct sim_fate *fate)
{
	struct world *w = world;
	struct ms_endpoint inside;
	struct sim_node *to;

	if (w->calm)
		return;
	to = sim_owner(w->sim, &p->dst, &inside);
	if (to && w->cut[(p->from->number - 1) * w->sim->n_nodes + to->number - 1]) {
		w->sim->seen[COVER_CUT]++;
		fate->lose = true;
	}
	if (dice_percent(&w->net, w->loss))
		fate->lose = true;
	if (dice_percent(&w->net, w->copies))
		fate->copies = 1 + (unsigned)dice_below(&w->net, 2);
	fate->copy_delay_ms = dice_below(&w->net, w->copy_late_ms + 1);
	if (dice_percent(&w->net, w->late))
		fate->delay_ms = dice_below(&w->net, w->late_ms + 1);
}

/* --- troubles --------------------------------------------------------------------------------- */

static struct tie *some_tie(struct world *w)
{
	return &w->ties[dice_below(&w->fate, w->n_ties)];
}

static struct sim_node *some_node(struct world *w)
{
	return w->sim->nodes[dice_below(&w->fate, w->sim->n_nodes)];
}

static void rekey_ike(struct world *w, const struct tie *t, const struct tie_end *e)
{
	struct conn *c = world_conn(t, e);
	struct ike_sa *ike = c && c->newest_ike ? ike_by_serial(e->node->ike, c->newest_ike) : NULL;

	if (!ike || !ike->established || ike->state == IKE_DELETING)
		return;
	story_say(&w->s, "%s: IKE SA of %s shall be rekeyed", e->node->name, t->name);
	ike->wants |= IKE_WANT_REKEY;
	ike_next_request(ike);
}

static void rekey_child(struct world *w, const struct tie *t, const struct tie_end *e, bool hard)
{
	struct conn *c = world_conn(t, e);
	struct child_sa *child =
		c && c->newest_child ? child_by_serial(e->node->ike, c->newest_child) : NULL;
	struct ms_said said;

	if (!child)
		return;
	said = (struct ms_said){ child->local.addr, child->spi_in, child_proto(child) };
	story_say(&w->s, "%s: SA of %s expires (%s)", e->node->name, t->name, hard ? "hard" : "soft");
	ike_kernel_expire(e->node->ike, &said, hard);
}

struct rekey {
	struct world *w;
	struct tie *t;
	unsigned end;
	bool ike;
};

static void rekey_now(struct sim *s, void *arg)
{
	struct rekey r = *(struct rekey *)arg;

	(void)s;
	free(arg);
	if (r.ike)
		rekey_ike(r.w, r.t, &r.t->end[r.end]);
	else
		rekey_child(r.w, r.t, &r.t->end[r.end], false);
}

/* Both ends, IKE or CHILD SA, within a few milliseconds: the collisions of RFC 7296 s2.25. */
static void trouble_rekey(struct world *w)
{
	struct tie *t = some_tie(w);

	for (unsigned i = 0; i < 2; i++) {
		struct rekey *r;

		if (dice_percent(&w->fate, 25))
			continue;
		r = sim_alloc(sizeof(*r));
		*r = (struct rekey){ w, t, i, dice_percent(&w->fate, 40) };
		sim_at(w->sim, w->sim->now + dice_below(&w->fate, 30), rekey_now, r)->drop = free;
	}
}

static void trouble_expire(struct world *w)
{
	struct tie *t = some_tie(w);

	rekey_child(w, t, &t->end[dice_below(&w->fate, 2)], true);
}

static void trouble_up(struct world *w)
{
	struct tie *t = some_tie(w);
	struct tie_end *e = &t->end[dice_below(&w->fate, 2)];
	struct conn *c = world_conn(t, e);
	struct ms_why why = { "" };
	ms_err err;

	if (!c || tie_other(t, e)->node->public.addr.family != 0 || !c->oriented ||
		conn_is_template(c))
		return;
	story_say(&w->s, "%s: up %s", e->node->name, t->name);
	e->wanted = c->wanted_up = true;
	err = ike_initiate(e->node->ike, c, &why);
	if (err && err != MS_ERR_BUSY)
		story_fail(&w->s, "%s: up %s: %s", e->node->name, t->name, why.text);
}

static void trouble_down(struct world *w)
{
	struct tie *t = some_tie(w);
	struct tie_end *e = &t->end[dice_below(&w->fate, 2)];
	struct conn *c = world_conn(t, e);

	if (!c)
		return;
	story_say(&w->s, "%s: down %s", e->node->name, t->name);
	e->wanted = c->wanted_up = false;
	world_terminate(e->node, c);
}

static void trouble_delete_sa(struct world *w)
{
	struct tie *t = some_tie(w);
	struct tie_end *e = &t->end[dice_below(&w->fate, 2)];
	struct conn *c = world_conn(t, e);
	uint32_t serial;

	if (!c)
		return;
	serial = dice_percent(&w->fate, 50) ? c->newest_ike : c->newest_child;
	if (serial && ike_terminate_serial(e->node->ike, serial) == MS_OK)
		story_say(&w->s, "%s: #%u of %s is deleted", e->node->name, (unsigned)serial, t->name);
}

static void add_again(struct sim *s, void *arg)
{
	struct world *w = arg;
	bool waits = false;

	for (unsigned k = 0; k < w->n_ties; k++)
		for (unsigned i = 0; i < 2; i++) {
			struct tie_end *e = &w->ties[k].end[i];

			if (!e->deleted || !e->node->ike)
				continue;
			/* What the old one leaves in the kernel is still being taken away. */
			if (!route_busy(e->node->route))
				world_load_end(w, &w->ties[k], e);
			else if (!waits)
				sim_at(s, s->now + 500, add_again, w);
			waits = waits || e->deleted;
		}
}

static void trouble_delete_conn(struct world *w)
{
	struct tie *t = some_tie(w);
	struct tie_end *e = &t->end[dice_below(&w->fate, 2)];
	struct conn *c = world_conn(t, e);
	struct sim_node *n = e->node;

	if (!c)
		return;
	story_say(&w->s, "%s: %s is deleted, and added again later", n->name, t->name);
	(void)conn_ref(c);
	c->wanted_up = false;
	conn_names_forget(c);
	if (w->full) {
		route_delete_conn(n->route, c);
	} else {
		conn_delete(n->conns, c);
		ike_terminate_conn(n->ike, c);
		route_release(n->route, c);
	}
	conn_unref(&c);
	e->deleted = true;
	e->carried = false;
	sim_at(w->sim, w->sim->now + dice_below(&w->fate, 30000), add_again, w);
}

static void boot_all(struct sim *s, void *arg)
{
	struct world *w = arg;

	for (unsigned i = 0; i < s->n_nodes; i++)
		if (!s->nodes[i]->ike) {
			story_say(&w->s, "%s: starts again", s->nodes[i]->name);
			sim_boot(s->nodes[i]);
			world_load(w, s->nodes[i]);
		}
}

static void trouble_power(struct world *w)
{
	struct sim_node *n = some_node(w);
	bool politely = dice_percent(&w->fate, 40);

	if (!n->ike)
		return;
	w->sim->seen[politely ? COVER_STOPPED : COVER_POWER]++;
	story_say(&w->s, "%s: %s", n->name, politely ? "shuts down" : "loses power");
	sim_halt(n, politely);
	sim_at(w->sim, w->sim->now + dice_between(&w->fate, 10, 25000), boot_all, w);
}

static void mend(struct sim *s, void *arg)
{
	struct world *w = arg;

	memset(w->cut, 0, (size_t)s->n_nodes * s->n_nodes);
}

static void trouble_cut(struct world *w)
{
	unsigned n = w->sim->n_nodes, a = (unsigned)dice_below(&w->fate, n);
	unsigned b = (unsigned)dice_below(&w->fate, n);
	bool one_way = dice_percent(&w->fate, 30);

	story_say(&w->s, "p%u -%s p%u cut", a + 1, one_way ? ">" : "-", b + 1);
	w->cut[a * n + b] = 1;
	if (!one_way)
		w->cut[b * n + a] = 1;
	sim_at(w->sim, w->sim->now + dice_between(&w->fate, 500, 60000), mend, w);
}

static void trouble_nat(struct world *w)
{
	struct sim_node *n = some_node(w);

	if (n->public.addr.family == 0)
		return;
	n->public.port = (uint16_t)dice_between(&w->fate, 1000, 20000);
	w->sim->seen[COVER_NAT_FORGOT]++;
	story_say(&w->s, "%s: its NAT forgets, 500 is %u from now on", n->name, n->public.port + 500u);
}

static void trouble_clock(struct world *w)
{
	struct sim_node *n = some_node(w);

	if (!n->ike)
		return;
	if (dice_percent(&w->fate, 50)) {
		n->wall_ms += (int64_t)dice_below(&w->fate, 7200000) - 3600000;
		w->sim->seen[COVER_CLOCK_SET]++;
		story_say(&w->s, "%s: somebody sets its clock", n->name);
	} else {
		n->clock_ms += dice_between(&w->fate, 100, 90000);
		w->sim->seen[COVER_ASLEEP]++;
		story_say(&w->s, "%s: was asleep, its clocks jump", n->name);
	}
	sim_set_timer(n);
}

static void kernel_well(struct sim *s, void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < s->n_nodes; i++) {
		s->nodes[i]->fail_kernel_op = -1;
		s->nodes[i]->no_leases = false;
	}
}

static void trouble_kernel(struct world *w)
{
	static const int kinds[] = { MS_KOP_GET_SPI, MS_KOP_SA_ADD, MS_KOP_SA_UPDATE,
		MS_KOP_SA_QUERY, MS_KOP_POLICY_SET, MS_KOP_SA_MOVE };
	struct sim_node *n = some_node(w);

	n->fail_kernel_op = kinds[dice_below(&w->fate, sizeof(kinds) / sizeof(kinds[0]))];
	story_say(&w->s, "%s: its kernel refuses %d", n->name, n->fail_kernel_op);
	sim_at(w->sim, w->sim->now + dice_between(&w->fate, 10, 5000), kernel_well, w);
}

static void trouble_slow(struct world *w)
{
	struct sim_node *n = some_node(w);

	n->slow_ms = dice_percent(&w->fate, 40) ? 0 : dice_below(&w->fate, 2500);
}

static void go_to(struct world *w, struct sim_node *n, const struct ms_addr *a)
{
	char text[MS_ADDR_TEXT];

	if (ms_addr_eq(&n->addr, a))
		return;
	ms_addr_text(a, text, sizeof(text));
	story_say(&w->s, "%s: moves to %s", n->name, text);
	n->addr = *a;
	if (n->ike)
		ike_network_changed(n->ike);
}

static void go_home(struct sim *s, void *arg)
{
	struct world *w = arg;

	for (unsigned i = 0; i < s->n_nodes; i++)
		go_to(w, s->nodes[i], &s->nodes[i]->home);
}

/* For some seconds it is somewhere else; connections know it by its home only, so what cannot move
 * comes again there. */
static void trouble_move(struct world *w)
{
	struct sim_node *n = some_node(w);
	struct ms_addr a = n->home;

	if (!w->rich || n->public.addr.family != 0 || w->named[n->number - 1])
		return;
	a.b[a.family == AF_INET ? 0 : 1] ^= 0x10;
	go_to(w, n, &a);
	sim_at(w->sim, w->sim->now + dice_between(&w->extra, 500, 30000), go_home, w);
}

/* A provider that gives another address each day; DNS knows it at once, caches do not. */
static void trouble_renumber(struct world *w)
{
	struct sim_node *n = some_node(w);
	struct ms_addr a = n->home;
	char text[MS_ADDR_TEXT];

	if (!w->named[n->number - 1])
		return;
	a.b[a.family == AF_INET ? 1 : 4] = (uint8_t)(100 + w->renumbered++ % 100);
	ms_addr_text(&a, text, sizeof(text));
	story_say(&w->s, "%s: has another address, %s", n->name, text);
	w->sim->seen[COVER_RENUMBERED]++;
	sim_renumber(n, &a);
}

static void trouble_no_lease(struct world *w)
{
	struct sim_node *n = some_node(w);

	n->no_leases = true;
	story_say(&w->s, "%s: has no address to give", n->name);
	sim_at(w->sim, w->sim->now + dice_between(&w->extra, 500, 15000), kernel_well, w);
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct trouble {
	enum story_kind from;
	unsigned weight;
	void (*happen)(struct world *w);
	bool rich, full;
} troubles[] = {
	{ STORY_CALM, 30, trouble_rekey, false, false },
	{ STORY_LOSSY, 4, trouble_up, false, false },
	{ STORY_LOSSY, 2, trouble_expire, false, false },
	{ STORY_LOSSY, 3, trouble_delete_sa, false, false },
	{ STORY_ROUGH, 4, trouble_cut, false, false },
	{ STORY_ROUGH, 4, trouble_power, false, false },
	{ STORY_ROUGH, 3, trouble_down, false, false },
	{ STORY_ROUGH, 3, trouble_up, false, false },
	{ STORY_ROUGH, 3, trouble_delete_conn, false, false },
	{ STORY_WILD, 5, trouble_nat, false, false },
	{ STORY_WILD, 4, trouble_clock, false, false },
	{ STORY_WILD, 3, trouble_kernel, false, false },
	{ STORY_WILD, 3, trouble_slow, false, false },
	{ STORY_WILD, 5, trouble_move, true, false },
	{ STORY_ROUGH, 4, trouble_renumber, false, true },
	{ STORY_ROUGH, 2, trouble_no_lease, false, true },
};

static unsigned weight_of(const struct world *w, const struct trouble *t)
{
	bool here = t->from <= w->kind && (w->rich || !t->rich) && (w->full || !t->full);

	return here ? t->weight : 0;
}

static void some_trouble(struct sim *s, void *arg)
{
	struct world *w = arg;
	unsigned sum = 0, at;
	const struct trouble *t = troubles;

	if (w->calm)
		return;
	for (unsigned i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++)
		sum += weight_of(w, &troubles[i]);
	at = (unsigned)dice_below(&w->fate, sum);
	for (;; t++) {
		unsigned weight = weight_of(w, t);

		if (at < weight)
			break;
		at -= weight;
	}
	t->happen(w);
	sim_at(s, s->now + dice_below(&w->fate, 10000 / s->n_nodes + 200), some_trouble, w);
}

void world_trouble(struct world *w)
{
	w->rough_ms = dice_between(&w->plan, 40000, 160000);
	w->late = (unsigned)dice_below(&w->plan, 60);
	w->late_ms = dice_below(&w->plan, w->kind == STORY_CALM ? 200 : 3000);
	if (w->kind >= STORY_LOSSY) {
		w->loss = (unsigned)dice_below(&w->plan, 30);
		w->copies = (unsigned)dice_below(&w->plan, 30);
		w->copy_late_ms = dice_below(&w->plan, 20000);
	} else {
		w->copies = (unsigned)dice_below(&w->plan, 20);
		w->copy_late_ms = dice_below(&w->plan, 5000);
	}
	sim_at(w->sim, w->sim->now + 2000, some_trouble, w);
}

void world_heal(struct world *w)
{
	w->calm = true;
	mend(w->sim, w);
	kernel_well(w->sim, w);
	go_home(w->sim, w);
	boot_all(w->sim, w);
	add_again(w->sim, w);
	for (unsigned i = 0; i < w->sim->n_nodes; i++)
		w->sim->nodes[i]->slow_ms = 0;
}
