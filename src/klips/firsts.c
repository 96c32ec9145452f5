/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/firsts.h"

#include "klips/instance.h"
#include "klips/note.h"
#include "klips/rcu.h"
#include "klips/worker.h"

#include <stdlib.h>

enum { WAYS = 4, ALL_SETS = 256, LEAST_SETS = 16 };
/* Hosts give up what they put together after 30 to 60 seconds. */
enum { KNOWN_S = 30, WAIT_S = 2 };
/* A datagram of the longest kind in fragments of 1,280 octets; some of them. */
enum { MOST_WAITING = 56, ALL_OCTETS = 1 << 20, LEAST_OCTETS = 72 << 10 };

/* Identification stands where ports would. */
struct first {
	union flow_words key;
	const void *of;
	uint64_t born_s;
	uint16_t sport, dport;
	uint8_t proto;
	bool used, known;	    /* known: the first one was seen */
	unsigned n_waiting;
	struct held *waiting;	    /* oldest first */
	struct cds_list_head node;  /* of those that wait */
};

struct firsts {
	struct cds_list_head waiting; /* oldest first */
	size_t octets, most_octets;   /* of all that wait */
	unsigned n_sets;
	struct first entries[];
};

struct firsts *firsts_new(unsigned n_workers)
{
	unsigned sets = ALL_SETS / n_workers < LEAST_SETS ? LEAST_SETS : ALL_SETS / n_workers;
	struct firsts *t = calloc(1, sizeof *t + (size_t)sets * WAYS * sizeof t->entries[0]);

	if (t == NULL)
		return NULL;
	CDS_INIT_LIST_HEAD(&t->waiting);
	t->n_sets = sets;
	t->most_octets = ALL_OCTETS / n_workers;
	if (t->most_octets < LEAST_OCTETS)
		t->most_octets = LEAST_OCTETS;
	return t;
}

/* --- entries ---------------------------------------------------------------------------------- */

/* RFC 791: source, destination, protocol and identification; RFC 8200 s4.5: without protocol. */
static void make_key(const struct fragment_of *f, union flow_words *out)
{
	ip_flow(f->data, f->v, &out->flow);
	out->flow.sport = (uint16_t)(f->v->id >> 16);
	out->flow.dport = (uint16_t)f->v->id;
	if (f->v->version == 6)
		out->flow.proto = 0;
}

/* A clock that was set back makes everything old. */
static bool is_old(const struct first *e, uint64_t now_s)
{
	return now_s - e->born_s > (e->known ? KNOWN_S : WAIT_S);
}

/* What waits there, now the caller's. */
static struct held *take_waiting(struct firsts *t, struct first *e)
{
	struct held *list = e->waiting, *h;

	if (list == NULL)
		return NULL;
	for (h = list; h != NULL; h = h->next)
		t->octets -= h->len;
	cds_list_del(&e->node);
	e->waiting = NULL;
	e->n_waiting = 0;
	return list;
}

static unsigned free_held(struct held *list)
{
	unsigned n = 0;

	while (list != NULL) {
		struct held *h = list;

		list = h->next;
		free(h);
		n++;
	}
	return n;
}

static void clear(struct klips_worker *w, struct first *e)
{
	count(&w->counters, KC_FRAGMENT_LOST, free_held(take_waiting(w->firsts, e)));
	e->used = e->known = false;
}

static struct first *set_of(struct firsts *t, const union flow_words *key, const void *of)
{
	uint64_t hash = flow_mix(flow_hash(key), (uintptr_t)of);

	return &t->entries[hash % t->n_sets * WAYS];
}

/* Make: where there is none, in place of a free or the oldest one; else NULL. */
static struct first *find(struct klips_worker *w, const struct fragment_of *f, bool make)
{
	uint64_t now_s = klips_now_s(w->k);
	union flow_words key;
	struct first *set, *worst;
	unsigned i;

	make_key(f, &key);
	set = worst = set_of(w->firsts, &key, f->of);
	for (i = 0; i < WAYS; i++) {
		struct first *e = &set[i];

		if (e->used && is_old(e, now_s))
			clear(w, e);
		if (e->used && e->of == f->of && flow_eq(&e->key, &key))
			return e;
		if (!e->used || (worst->used && e->born_s < worst->born_s))
			worst = e;
	}
	if (!make)
		return NULL;
	if (worst->used)
		clear(w, worst);
	worst->key = key;
	worst->of = f->of;
	worst->born_s = now_s;
	worst->used = true;
	return worst;
}

/* --- fragments -------------------------------------------------------------------------------- */

struct held *firsts_put(struct klips_worker *w, const struct fragment_of *f, const struct flow *flow)
{
	struct first *e = find(w, f, true);
	struct held *list = take_waiting(w->firsts, e);

	e->born_s = klips_now_s(w->k);
	e->known = true;
	e->proto = flow->proto;
	e->sport = flow->sport;
	e->dport = flow->dport;
	return list;
}

bool firsts_get(struct klips_worker *w, const struct fragment_of *f, struct flow *flow)
{
	const struct first *e = find(w, f, false);

	if (e == NULL || !e->known)
		return false;
	flow->proto = e->proto;
	flow->sport = e->sport;
	flow->dport = e->dport;
	return true;
}

/* Makes room for so many octets: what is too old goes, then what waits longest. */
static void make_room(struct klips_worker *w, uint32_t octets, const struct first *but)
{
	struct firsts *t = w->firsts;
	uint64_t now_s = klips_now_s(w->k);
	struct first *e, *next;

	cds_list_for_each_entry_safe(e, next, &t->waiting, node) {
		if (!is_old(e, now_s) && t->octets + octets <= t->most_octets)
			return;
		if (e != but)
			clear(w, e);
	}
}

void firsts_wait(struct klips_worker *w, const struct fragment_of *f, struct pkt *p,
	struct klips_device *d)
{
	struct firsts *t = w->firsts;
	struct first *e = find(w, f, true);
	struct held *h = NULL, **end;

	make_room(w, p->len, e);
	if (e->n_waiting < MOST_WAITING && t->octets + p->len <= t->most_octets)
		h = held_new(p->data, p->len, d);
	if (h == NULL) {
		pkt_drop(w, p, KC_FRAGMENT_LOST);
		return;
	}
	for (end = &e->waiting; *end != NULL; end = &(*end)->next)
		continue;
	*end = h;
	if (e->n_waiting++ == 0)
		cds_list_add_tail(&e->node, &t->waiting);
	t->octets += h->len;
	pkt_drop(w, p, KC_FRAGMENT_WAIT);
}

void firsts_free(struct firsts **tp)
{
	struct firsts *t = *tp;
	unsigned i;

	if (t == NULL)
		return;
	for (i = 0; i < t->n_sets * WAYS; i++)
		free_held(take_waiting(t, &t->entries[i]));
	free(t);
	*tp = NULL;
}
