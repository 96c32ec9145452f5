/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Full worlds, those of seeds from WORLD_FULL_FROM on: what gateways and road warriors are configured
 * with besides.  Everything is drawn from a stream of its own, so that the worlds of lower seeds stay
 * what they were.
 */
#include "core/sim/world_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PEOPLE_LOOK_MS 10000

static char **list_of(const char *fmt, unsigned n)
{
	char **list = calloc(2, sizeof(*list)), word[48];

	snprintf(word, sizeof(word), fmt, n);
	list[0] = strdup(word);
	return list;
}

/* The client asks for addresses, the gateway has a pool for it. */
static void tune_lease(struct ms_conn_desc *d, const struct tie *t, bool server)
{
	const struct tie_end *client = &t->end[0];
	static const char *const asks[] = { "", "%config4", "%config6", "%config" };

	if (server)
		d->left.addresspool = strdup("10.99.0.1-10.99.0.250,2001:db8:99::/112");
	else
		d->left.sourceip = strdup(asks[client->asks]);
	if (client->asks == (ASK_4 | ASK_6))
		d->right.subnets = list_of(t->v6 ? "172.30.%u.0/24" : "fd02:%x::/64", t->number);
}

static void tune(struct ms_conn_desc *d, const void *arg)
{
	const struct tie_end *e = arg;
	const struct tie *t = e->tie;

	d->compress = e->compress;
	d->mobike = e->mobike;
	d->reauth = t->reauth;
	d->narrowing = t->narrowing;
	d->ah = t->style == TIE_AH;
	if (t->style == TIE_LEASE)
		tune_lease(d, t, e == &t->end[1]);
	/* The left end's second network; where only one end knows of it, both narrow to the first. */
	if (e->several)
		d->left.subnets = list_of(t->v6 ? "fd03:%x::/64" : "172.29.%u.0/24", t->number);
}

/* --- styles ----------------------------------------------------------------------------------- */

static bool is_plain_pair(const struct world *w, const struct tie *t)
{
	for (unsigned i = 0; i < 2; i++)
		if (t->end[i].node->public.addr.family != 0 || w->named[t->end[i].node->number - 1])
			return false;
	return true;
}

static bool has_style(const struct world *w, const struct tie *t, enum tie_style style)
{
	for (const struct tie *o = w->ties; o < t; o++)
		if (o->style == style && (o->end[0].node == t->end[0].node ||
			o->end[0].node == t->end[1].node || o->end[1].node == t->end[0].node ||
			o->end[1].node == t->end[1].node))
			return true;
	return false;
}

static enum tie_style some_style(struct world *w, const struct tie *t)
{
	static const enum tie_style styles[] = { TIE_PLAIN, TIE_PLAIN, TIE_PLAIN, TIE_TRANSPORT,
		TIE_AH, TIE_NULL, TIE_CERT, TIE_CERT, TIE_LEASE, TIE_LEASE };
	enum tie_style s = styles[dice_below(&w->extra, sizeof(styles) / sizeof(styles[0]))];

	/* No way through a translator, or to an address that may be another one tomorrow. */
	if ((s == TIE_TRANSPORT || s == TIE_AH) && !is_plain_pair(w, t))
		return TIE_PLAIN;
	/* Without uniqueids= each IKE SA of the client has another address. */
	if (s == TIE_LEASE && (t->end[1].node->public.addr.family != 0 ||
				      !t->end[1].node->params.unique_ids || has_style(w, t, s)))
		return TIE_CERT;
	/* One pair of selectors for two hosts. */
	return s == TIE_TRANSPORT && has_style(w, t, s) ? TIE_PLAIN : s;
}

static void style_words(struct tie *t, struct sim_words *words)
{
	switch (t->style) {
	case TIE_TRANSPORT:
		words->type = MS_TYPE_TRANSPORT;
		words->leftsubnet = words->rightsubnet = NULL;
		break;
	case TIE_AH:
		words->esp = "sha2_256";
		words->pfs = false;
		break;
	case TIE_NULL:
		words->authby = MS_AUTH_NULL;
		words->leftid = words->rightid = NULL;
		words->leftkey = words->rightkey = NULL;
		break;
	case TIE_CERT:
		words->authby = MS_AUTH_EDDSA;
		words->leftkey = words->rightkey = NULL;
		break;
	case TIE_LEASE:
		words->leftsubnet = NULL;
		t->end[0].autostart = MS_AUTO_START;
		t->end[1].autostart = MS_AUTO_ADD;
		break;
	case TIE_PLAIN:
		break;
	}
}

static void plan_details(struct world *w, struct tie *t)
{
	bool moves = w->rich && dice_percent(&w->extra, 70);

	t->reauth = dice_percent(&w->extra, 25);
	t->narrowing = t->style == TIE_PLAIN && dice_percent(&w->extra, 30);
	t->end[0].several = t->style == TIE_PLAIN && dice_percent(&w->extra, 40);
	t->end[1].several = t->end[0].several != t->narrowing;
	for (unsigned i = 0; i < 2; i++) {
		struct tie_end *e = &t->end[i];

		e->compress = t->style != TIE_AH && dice_percent(&w->extra, 25);
		e->mobike = moves && t->style != TIE_TRANSPORT;
		if (dice_percent(&w->extra, 25)) {
			e->words.forever = false;
			e->words.keyingtries = (uint32_t)dice_between(&w->extra, 1, 3);
		}
	}
	t->end[0].asks = (uint8_t)(dice_percent(&w->extra, 30) ? ASK_4 | ASK_6
				   : t->v6		       ? ASK_6
							       : ASK_4);
}

void world_full_tie(struct world *w, struct tie *t, bool v6)
{
	t->v6 = v6;
	t->number = (unsigned)(t - w->ties);
	t->style = some_style(w, t);
	plan_details(w, t);
	for (unsigned i = 0; i < 2; i++) {
		struct tie_end *e = &t->end[i];

		e->tie = t;
		e->words.tune = tune;
		e->words.arg = e;
		style_words(t, &e->words);
		if (t->style == TIE_TRANSPORT)
			e->from = e->node->home;
	}
	/* A gateway that wants its clients to prove themselves again waits until they do. */
	if (t->style == TIE_LEASE && t->reauth) {
		t->end[1].words.ike_lifetime_ms = t->end[0].words.ike_lifetime_ms + 60000;
		if (w->lifetime_ms < t->end[1].words.ike_lifetime_ms)
			w->lifetime_ms = t->end[1].words.ike_lifetime_ms;
	}
	t->end[1].node->lease_net = (uint8_t)t->end[1].node->number;
}

void world_full_node(struct world *w, struct sim_node *n)
{
	n->host.ops = &world_host_ops;
	n->user = w;
	if (n->public.addr.family == 0 && dice_percent(&w->extra, 25))
		w->named[n->number - 1] = true;
}

/* --- addresses that are leased ---------------------------------------------------------------- */

bool world_full_address(struct tie *t)
{
	const struct tie_end *client = &t->end[0];
	const struct conn *c;

	if (t->style != TIE_LEASE)
		return true;
	c = world_conn(t, client);
	if (!c || !c->newest_child)
		return false;
	t->end[0].from = c->local.sourceip6.family != 0 && t->v6 ? c->local.sourceip6
								 : c->local.sourceip;
	return t->end[0].from.family != 0;
}

/* --- people ----------------------------------------------------------------------------------- */

/* Who tries a few times only is told again by somebody who looks. */
void world_full_people(struct world *w)
{
	if (w->sim->now < w->people_at)
		return;
	w->people_at = w->sim->now + PEOPLE_LOOK_MS;
	for (unsigned k = 0; k < w->n_ties; k++)
		for (unsigned i = 0; i < 2; i++) {
			struct tie_end *e = &w->ties[k].end[i];
			struct conn *c = world_conn(&w->ties[k], e);
			struct ms_why why = { "" };

			if (!c || e->words.forever || !c->wanted_up || c->newest_child || !c->oriented)
				continue;
			story_say(&w->s, "%s: up %s, again", e->node->name, w->ties[k].name);
			if (ike_initiate(e->node->ike, c, &why) != MS_OK)
				story_say(&w->s, "%s: %s", e->node->name, why.text);
		}
}

/* The connection and its instances. */
void world_terminate(struct sim_node *n, struct conn *c)
{
	struct conn *next;

	ike_terminate_conn(n->ike, c);
	for (struct conn *i = c->children; i; i = next) {
		next = i->sibling_next;
		ike_terminate_conn(n->ike, i);
	}
}
