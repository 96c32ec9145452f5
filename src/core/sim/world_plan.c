/* SPDX-License-Identifier: Apache-2.0 */
/* Who is there, who talks to whom, and how: drawn from the seed before anything happens. */
#include "core/sim/world_priv.h"

#include "core/sim/sim_key.h"

#include <modswan/registry.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Key pairs are made once for the process; which octets they have decides nothing. */
#define KEYS WORLD_KEYS
static struct sim_key keys[KEYS];
static struct ms_pubkey *pubkeys[KEYS];

bool world_keys_load(void)
{
	for (unsigned i = 0; i < KEYS; i++) {
		keys[i] = sim_key_new("ed25519");
		if (ms_sign()->pubkey_of(&pubkeys[i], keys[i].priv))
			return false;
	}
	world_host_load();
	return true;
}

void world_keys_unload(void)
{
	for (unsigned i = 0; i < KEYS; i++) {
		ms_sign()->pubkey_free(&pubkeys[i]);
		sim_key_free(&keys[i]);
	}
}

struct ms_pubkey *world_pubkey(unsigned i)
{
	return pubkeys[i];
}

/* --- nodes ------------------------------------------------------------------------------------ */

static void plan_node(struct world *w, unsigned i, bool v6)
{
	struct ike_params params = { .nat_keepalive_ms = 20000 };
	struct sim_node *n;
	char addr[48];

	params.unique_ids = dice_percent(&w->plan, 70);
	if (dice_percent(&w->plan, 15))
		params.cookies = MS_YES;
	snprintf(w->names[i][0], sizeof(w->names[i][0]), "p%u", i + 1);
	snprintf(w->names[i][1], sizeof(w->names[i][1]), "@p%u", i + 1);
	if (dice_percent(&w->plan, 10)) /* long identities: IKE_AUTH goes in fragments */
		memset(w->names[i][1] + strlen(w->names[i][1]), 'x', 20);
	snprintf(addr, sizeof(addr), v6 ? "fd00::%x:%x" : "192.1.%u.%u", i / 250, i % 250 + 1);
	n = sim_node(w->sim, w->names[i][0], addr, &params);
	n->priv = keys[i % KEYS].priv;
	n->env = (struct route_env){ .hook = sim_hook, .stack = "sim" };
	sim_route(n);
	if (w->kind == STORY_WILD && !v6 && dice_percent(&w->plan, 35)) {
		n->public.addr = n->addr;
		n->public.addr.b[0] = 203;
		n->public.port = (uint16_t)dice_between(&w->plan, 1000, 20000);
	}
	if (w->kind >= STORY_ROUGH && dice_percent(&w->plan, 20))
		n->slow_ms = dice_below(&w->plan, 400);
}

/* --- what some worlds have besides --- */

static void compressing(struct ms_conn_desc *d)
{
	d->compress = true;
}

static void mobile(struct ms_conn_desc *d)
{
	d->mobike = true;
}

static void both(struct ms_conn_desc *d)
{
	d->compress = d->mobike = true;
}

static void plan_extra(struct world *w, struct tie *t)
{
	static void (*const more[2][2])(struct ms_conn_desc *d) = { { NULL, compressing },
		{ mobile, both } };
	bool moves = dice_percent(&w->extra, 70);

	for (unsigned i = 0; i < 2; i++)
		t->end[i].words.more =
			more[moves || dice_percent(&w->extra, 10)][dice_percent(&w->extra, 60)];
}

/* --- ties ------------------------------------------------------------------------------------- */

static void plan_pair(struct world *w, unsigned k, unsigned *a, unsigned *b)
{
	unsigned n = w->sim->n_nodes, old;

	if (k + 1 < n) {
		*a = k + 1;
		*b = (unsigned)dice_below(&w->plan, k + 1);
	} else if (k > 0 && dice_percent(&w->plan, 60)) {
		old = (unsigned)dice_below(&w->plan, k);
		*a = w->ties[old].end[0].node->number - 1;
		*b = w->ties[old].end[1].node->number - 1;
	} else {
		*a = (unsigned)dice_below(&w->plan, n);
		*b = (*a + 1 + (unsigned)dice_below(&w->plan, n - 1)) % n;
	}
	if (dice_percent(&w->plan, 50)) {
		unsigned c = *a;

		*a = *b;
		*b = c;
	}
}

static void plan_autos(struct world *w, struct tie *t)
{
	static const int pairs[][2] = { { MS_AUTO_START, MS_AUTO_ADD },
		{ MS_AUTO_ADD, MS_AUTO_START }, { MS_AUTO_START, MS_AUTO_START },
		{ MS_AUTO_START, MS_AUTO_START }, { MS_AUTO_ROUTE, MS_AUTO_ADD },
		{ MS_AUTO_ROUTE, MS_AUTO_ROUTE }, { MS_AUTO_START, MS_AUTO_ROUTE } };
	unsigned i = (unsigned)dice_below(&w->plan, sizeof(pairs) / sizeof(pairs[0]));

	for (unsigned k = 0; k < 2; k++) {
		/* Nobody can begin with an end whose NAT knows nothing of him. */
		if (tie_other(t, &t->end[k])->node->public.addr.family != 0)
			t->end[k].autostart = MS_AUTO_ADD;
		else
			t->end[k].autostart = pairs[i][k];
	}
	for (unsigned k = 0; k < 2; k++)
		if (t->end[0].autostart == MS_AUTO_ADD && t->end[1].autostart == MS_AUTO_ADD &&
			tie_other(t, &t->end[k])->node->public.addr.family == 0)
			t->end[k].autostart = MS_AUTO_START;
}

static const char *address(struct sim_node *n, bool public)
{
	static char text[8][MS_ADDR_TEXT];
	static unsigned i;
	char *at = text[i++ % 8];

	ms_addr_text(public && n->public.addr.family ? &n->public.addr : &n->home, at,
		sizeof(text[0]));
	return at;
}

/* How end e calls the i-th end's host. */
static const char *host_word(const struct world *w, const struct tie *t, const struct tie_end *e,
	unsigned i)
{
	static char names[4][16];
	static unsigned next;
	struct sim_node *n = t->end[i].node;
	bool own = e == &t->end[i];
	char *name;

	if (t->style == TIE_LEASE && i == 0 && !own)
		return "%any";
	if (!w->named[n->number - 1])
		return address(n, !own);
	if (own)
		return "%defaultroute";
	name = names[next++ % 4];
	snprintf(name, sizeof(names[0]), "p%u.example", n->number);
	return name;
}

static void plan_lifetimes(struct world *w, struct sim_words *words)
{
	words->ike_lifetime_ms = dice_between(&w->plan, 80000, 300000);
	words->ipsec_lifetime_ms = dice_between(&w->plan, 70000, 150000);
	if (words->ike_lifetime_ms > w->lifetime_ms)
		w->lifetime_ms = words->ike_lifetime_ms;
	if (words->ipsec_lifetime_ms > w->lifetime_ms)
		w->lifetime_ms = words->ipsec_lifetime_ms;
	if (w->kind >= STORY_ROUGH || dice_percent(&w->plan, 50))
		words->dpd_delay_ms = dice_between(&w->plan, 4000, 20000);
	words->retransmit_timeout_ms = dice_between(&w->plan, 8000, 30000);
	words->rekey_margin_ms = 24000; /* half of it must leave time for TEMPORARY_FAILURE */
	words->forever = true;
	words->no_rekey = w->kind != STORY_CALM && dice_percent(&w->plan, 5);
	words->fragmentation = dice_percent(&w->plan, 10) ? MS_FRAGMENTATION_FORCE : 0;
}

struct style {
	const char *ike[2], *esp[2];
	bool keys, pfs;
};

static void plan_tie(struct world *w, unsigned k, const struct style *style, bool v6)
{
	struct tie *t = &w->ties[k];
	unsigned of[2];

	plan_pair(w, k, &of[0], &of[1]);
	snprintf(t->name, sizeof(t->name), "c%u", k + 1);
	for (unsigned i = 0; i < 2; i++) {
		if (v6)
			snprintf(t->subnets[i], sizeof(t->subnets[i]), "fd01:%x:%x::/64", k, i);
		else
			snprintf(t->subnets[i], sizeof(t->subnets[i]), "10.%u.%u.%u/25", k >> 8,
				k & 255, i * 128);
		t->end[i].node = w->sim->nodes[of[i]];
	}
	plan_autos(w, t);
	for (unsigned i = 0; i < 2; i++) {
		struct tie_end *e = &t->end[i];
		struct sim_words *words = &e->words;

		words->name = t->name;
		words->leftsubnet = t->subnets[0];
		words->rightsubnet = t->subnets[1];
		words->leftid = w->names[of[0]][1];
		words->rightid = w->names[of[1]][1];
		words->ike = style->ike[of[i] & 1];
		words->esp = style->esp[of[i] & 1];
		words->pfs = style->pfs;
		if (style->keys) {
			words->authby = MS_AUTH_EDDSA;
			words->leftkey = keys[of[0] % KEYS].spki;
			words->rightkey = keys[of[1] % KEYS].spki;
		}
		plan_lifetimes(w, words);
		if (ms_addr_parse(&e->from, t->subnets[i],
			    strcspn(t->subnets[i], "/"), 0, MS_TEXT_NUMERIC, NULL))
			abort();
		e->from.b[v6 ? 15 : 3] += 1;
	}
}

static void plan_ties(struct world *w, bool v6)
{
	static const struct style styles[] = {
		{ { "aes_gcm128-sha2_256-x25519", "aes_gcm128-sha2_256-x25519" },
			{ "aes_gcm128", "aes_gcm128" }, false, false },
		{ { "aes128-sha2_256-ecp256", "aes128-sha2_256-ecp256" },
			{ "aes128-sha2_256", "aes128-sha2_256" }, false, false },
		/* guesses a group that the other end does not have */
		{ { "aes_gcm128-sha2_256-x25519+ecp256", "aes_gcm128-sha2_256-ecp256" },
			{ "aes_gcm128-x25519+ecp256", "aes_gcm128-ecp256" }, false, true },
	};
	struct style style = styles[dice_below(&w->plan, 3)];

	style.pfs = style.pfs || dice_percent(&w->plan, 50);
	style.keys = dice_percent(&w->plan, 25);
	for (unsigned k = 0; k < w->n_ties; k++) {
		plan_tie(w, k, &style, v6);
		if (w->full)
			world_full_tie(w, &w->ties[k], v6);
		else if (w->rich)
			plan_extra(w, &w->ties[k]);
	}
}

static void tell_tie(const struct world *w, const struct tie *t)
{
	static const char *const autos[] = { [MS_AUTO_ADD] = "add", [MS_AUTO_ROUTE] = "route",
		[MS_AUTO_START] = "start" };
	const struct sim_words *l = &t->end[0].words, *r = &t->end[1].words;

	story_say(&w->s, "%s: %s (%s%s, IKE %u s, ESP %u s) %s (%s%s, %u s, %u s)", t->name,
		t->end[0].node->name, autos[t->end[0].autostart], l->no_rekey ? ", no rekey" : "",
		(unsigned)(l->ike_lifetime_ms / 1000), (unsigned)(l->ipsec_lifetime_ms / 1000),
		t->end[1].node->name, autos[t->end[1].autostart], r->no_rekey ? ", no rekey" : "",
		(unsigned)(r->ike_lifetime_ms / 1000), (unsigned)(r->ipsec_lifetime_ms / 1000));
}

void world_plan(struct world *w)
{
	unsigned n = w->s.o.size;
	bool v6;

	w->kind = (enum story_kind)dice_below(&w->plan, STORY_KINDS);
	if (w->s.o.kind >= 0)
		w->kind = (enum story_kind)w->s.o.kind;
	w->s.broken_routing = w->kind == STORY_WILD;
	if (n == 0)
		n = dice_percent(&w->plan, 50) ? 2 : (unsigned)dice_between(&w->plan, 2, 5);
	v6 = dice_percent(&w->plan, 20);
	w->sim->later = dice_percent(&w->plan, 50);
	w->names = calloc(n, sizeof(*w->names));
	w->cut = calloc(n, n);
	w->named = calloc(n, sizeof(*w->named));
	for (unsigned i = 0; i < n; i++) {
		plan_node(w, i, v6);
		w->sim->nodes[i]->in_order = w->rich;
		if (w->rich)
			w->sim->nodes[i]->no_compression = dice_percent(&w->extra, 15);
	}
	for (unsigned i = 0; w->full && i < n; i++)
		world_full_node(w, w->sim->nodes[i]);
	if (w->full)
		world_dns_start(w);
	w->n_ties = n - 1 + (unsigned)dice_below(&w->plan, n);
	w->ties = calloc(w->n_ties, sizeof(*w->ties));
	plan_ties(w, v6);
	/* Addresses in words are kept by nobody. */
	for (unsigned i = 0; i < n; i++)
		world_load(w, w->sim->nodes[i]);
	for (unsigned k = 0; k < w->n_ties; k++)
		tell_tie(w, &w->ties[k]);
	story_say(&w->s, "a %s world of %u plutos, %u connections", story_kind_names[w->kind], n,
		w->n_ties);
}

void world_plan_free(struct world *w)
{
	free(w->names);
	free(w->cut);
	free(w->named);
	free(w->ties);
}

/* --- starting --------------------------------------------------------------------------------- */

struct conn *world_conn(const struct tie *t, const struct tie_end *e)
{
	return e->node->ike && !e->deleted ? conn_by_name(e->node->conns, t->name) : NULL;
}

static void route_end(struct world *w, struct tie *t, struct tie_end *e);

struct routing {
	struct world *w;
	struct tie *t;
	struct tie_end *e;
};

static void route_again(struct sim *s, void *arg)
{
	struct routing r = *(struct routing *)arg;

	(void)s;
	free(arg);
	if (world_conn(r.t, r.e))
		route_end(r.w, r.t, r.e);
}

/* A kernel that refused is asked again; its people would do that. */
static void routed(void *arg, ms_err err, const struct ms_why *why)
{
	struct routing *r = arg;
	struct sim *s = r->w->sim;

	if (err && r->w->kind != STORY_WILD)
		story_fail(&r->w->s, "a connection could not be routed: %s", ms_why_text(why, err));
	if (err && r->e->node->ike)
		sim_at(s, s->now + 6000, route_again, r)->drop = free;
	else
		free(r);
}

static void route_end(struct world *w, struct tie *t, struct tie_end *e)
{
	struct routing *r = sim_alloc(sizeof(*r));

	*r = (struct routing){ w, t, e };
	route_connection(e->node->route, world_conn(t, e), routed, r);
}

/* Acts on its auto=, as daemons do when they start. */
static void start_end(struct world *w, struct tie *t, struct tie_end *e, struct conn *c)
{
	struct sim_node *n = e->node;
	struct ms_why why = { "" };
	ms_err err = MS_OK;

	if (e->autostart == MS_AUTO_ROUTE) {
		route_end(w, t, e);
	} else if (e->autostart == MS_AUTO_START) {
		c->wanted_up = true;
		err = ike_initiate(n->ike, c, &why);
	}
	if (err && err != MS_ERR_BUSY)
		story_fail(&w->s, "%s: \"%s\" could not be started: %s", n->name, t->name, why.text);
}

void world_named(struct conn *c, struct sim_node *n)
{
	struct world *w = n->user;

	for (unsigned k = 0; k < w->n_ties; k++)
		for (unsigned i = 0; i < 2; i++) {
			struct tie_end *e = &w->ties[k].end[i];

			if (e->node == n && world_conn(&w->ties[k], e) == c)
				start_end(w, &w->ties[k], e, c);
		}
}

void world_load_end(struct world *w, struct tie *t, struct tie_end *e)
{
	struct sim_node *n = e->node;
	struct conn *c;

	e->deleted = false;
	/* What people said before is forgotten. */
	e->wanted = e->autostart != MS_AUTO_ADD;
	e->words.left = host_word(w, t, e, 0);
	e->words.right = host_word(w, t, e, 1);
	c = sim_conn(n, &e->words);
	if (c->oriented)
		start_end(w, t, e, c);
}
void world_load(struct world *w, struct sim_node *n)
{
	for (unsigned k = 0; k < w->n_ties; k++)
		for (unsigned i = 0; i < 2; i++)
			if (w->ties[k].end[i].node == n)
				world_load_end(w, &w->ties[k], &w->ties[k].end[i]);
}
