/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The different ike= lines of a pair of hosts.
 *
 * IKE_SA_INIT says nothing of identities: any connection between the two hosts may be meant, and one
 * whose ike= fits what the peer offers is as good as another.  Thousands of connections of one pair
 * mostly have few lines, so each line is here once, with the connections that have it.
 */
#include "core/conn/conn_priv.h"

#include "lib/addr/hash.h"

#include <stdlib.h>

#define FIRST_BUCKETS 64

struct conn_offer {
	struct conn_offer *next; /* in its bucket */
	struct ms_addr local, remote;
	const struct ms_proposals *ike; /* interned */
	struct conn *first, *last;	/* ->offer_next */
};

static struct conn_offer **bucket(
	const struct conn_table *t, const struct ms_addr *local, const struct ms_addr *remote)
{
	uint64_t hash = ms_addr_hash(local, t->seed) * 3 + ms_addr_hash(remote, t->seed);

	return &t->offers[hash & (t->n_offer_buckets - 1)];
}

static bool pair_is(const struct conn_offer *o, const struct ms_addr *local,
	const struct ms_addr *remote)
{
	return ms_addr_eq(&o->local, local) && ms_addr_eq(&o->remote, remote);
}

/* False: out of memory; the chains may be longer than they should. */
static bool grow(struct conn_table *t)
{
	size_t old_n = t->n_offer_buckets, n = old_n == 0 ? FIRST_BUCKETS : old_n * 2;
	struct conn_offer **old = t->offers, **fresh;

	if (t->n_offers < old_n)
		return true;
	fresh = calloc(n, sizeof(struct conn_offer *));
	if (fresh == NULL)
		return old_n > 0;
	t->offers = fresh;
	t->n_offer_buckets = n;
	for (size_t i = 0; i < old_n; i++)
		for (struct conn_offer *o = old[i], *next; o != NULL; o = next) {
			struct conn_offer **slot = bucket(t, &o->local, &o->remote);

			next = o->next;
			o->next = *slot;
			*slot = o;
		}
	free(old);
	return true;
}

static struct conn_offer *offer_new(struct conn_table *t, const struct conn *c)
{
	struct conn_offer *o, **slot;

	if (!grow(t) || (o = calloc(1, sizeof *o)) == NULL)
		return NULL;
	o->local = c->local.host.addr;
	o->remote = c->remote.host.addr;
	o->ike = c->ike;
	slot = bucket(t, &o->local, &o->remote);
	/* Behind the others: the line that was written first is tried first. */
	while (*slot != NULL)
		slot = &(*slot)->next;
	*slot = o;
	t->n_offers++;
	return o;
}

/* Without memory it is not found here, only as the first one of its hosts. */
void conn_offer_insert(struct conn_table *t, struct conn *c)
{
	struct conn_offer *o = NULL;

	if (c->ike == NULL)
		return;
	if (t->n_offer_buckets > 0)
		o = *bucket(t, &c->local.host.addr, &c->remote.host.addr);
	while (o != NULL &&
		!(o->ike == c->ike && pair_is(o, &c->local.host.addr, &c->remote.host.addr)))
		o = o->next;
	if (o == NULL && (o = offer_new(t, c)) == NULL)
		return;
	c->offer = o;
	c->offer_prev = o->last;
	c->offer_next = NULL;
	*(o->last == NULL ? &o->first : &o->last->offer_next) = c;
	o->last = c;
}

void conn_offer_remove(struct conn_table *t, struct conn *c)
{
	struct conn_offer *o = c->offer, **slot;

	if (o == NULL)
		return;
	*(c->offer_prev == NULL ? &o->first : &c->offer_prev->offer_next) = c->offer_next;
	*(c->offer_next == NULL ? &o->last : &c->offer_next->offer_prev) = c->offer_prev;
	c->offer_prev = c->offer_next = NULL;
	c->offer = NULL;
	if (o->first != NULL)
		return;
	slot = bucket(t, &o->local, &o->remote);
	while (*slot != o)
		slot = &(*slot)->next;
	*slot = o->next;
	t->n_offers--;
	free(o);
}

struct conn *conn_find_offer(const struct conn_table *t, const struct ms_addr *local,
	const struct ms_addr *remote, conn_wants_f *wants, void *arg)
{
	static const struct ms_addr any;
	const struct ms_addr *const tries[] = { remote, &any };

	for (unsigned i = 0; i < 2 && t->n_offers > 0; i++)
		for (struct conn_offer *o = *bucket(t, local, tries[i]); o != NULL; o = o->next) {
			struct conn *c = pair_is(o, local, tries[i]) ? o->first : NULL;

			while (c != NULL && !conn_negotiates(c))
				c = c->offer_next;
			if (c != NULL && wants(arg, c))
				return c;
		}
	return NULL;
}
