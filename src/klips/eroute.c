/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/eroute.h"

#include "klips/hashtable.h"
#include "klips/sadb.h"

#include <stdlib.h>

uint64_t flow_hash_key[2];

/* All eroutes with one mask. */
struct eroute_group {
	struct hashtable table;
	union flow_words words;
	struct flow_mask mask;
	uint32_t n;
	struct walk_list walks; /* control thread */
};

/* Replaced as a whole, so that readers see an array that does not change. */
struct group_list {
	struct rcu_head rcu;
	uint32_t n;
	struct eroute_group *groups[];
};

struct eroute_table {
	struct group_list *list; /* RCU */
	uint32_t n;
	uint64_t generation; /* grows with every change, before what was taken out is reclaimed */
};

static void changed(struct eroute_table *t)
{
	__atomic_store_n(&t->generation, t->generation + 1, __ATOMIC_RELEASE);
}

/* --- keys ----------------------------------------------------------------------------------- */

static void mask_bits(uint8_t *out, unsigned bits)
{
	for (; bits >= 8; bits -= 8)
		*out++ = 0xff;
	if (bits > 0)
		*out = (uint8_t)(0xff00 >> bits);
}

void flow_mask_words(const struct flow_mask *m, union flow_words *out)
{
	memset(out, 0, sizeof *out);
	mask_bits(out->flow.src, m->src);
	mask_bits(out->flow.dst, m->dst);
	out->flow.proto = m->proto == 0 ? 0 : 0xff;
	out->flow.sport = (uint16_t)(0xffff0000u >> m->sport);
	out->flow.dport = (uint16_t)(0xffff0000u >> m->dport);
	out->flow.family = 0xff;
}

bool flow_mask_eq(const struct flow_mask *a, const struct flow_mask *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

bool flow_covers(const struct flow *outer, const struct flow_mask *outer_mask,
	const struct flow *inner, const struct flow_mask *inner_mask)
{
	union flow_words mask, o = { .flow = *outer }, i = { .flow = *inner };
	unsigned w;

	if (outer_mask->family != inner_mask->family || outer_mask->src > inner_mask->src
		|| outer_mask->dst > inner_mask->dst || outer_mask->proto > inner_mask->proto
		|| outer_mask->sport > inner_mask->sport || outer_mask->dport > inner_mask->dport)
		return false;
	flow_mask_words(outer_mask, &mask);
	for (w = 0; w < FLOW_WORDS; w++)
		if (((o.w[w] ^ i.w[w]) & mask.w[w]) != 0)
			return false;
	return true;
}

/* Negative when a is asked before b. */
static int mask_order(const struct flow_mask *a, const struct flow_mask *b)
{
	if (a->family != b->family)
		return a->family - b->family;
	if (a->src != b->src)
		return b->src - a->src;
	if (a->dst != b->dst)
		return b->dst - a->dst;
	if (a->proto != b->proto)
		return b->proto - a->proto;
	if (a->sport != b->sport)
		return b->sport - a->sport;
	return b->dport - a->dport;
}

/* --- groups --------------------------------------------------------------------------------- */

static struct eroute_group *group_new(const struct flow_mask *mask)
{
	struct eroute_group *g = calloc(1, sizeof *g);

	if (g == NULL)
		return NULL;
	if (hashtable_init(&g->table) != MS_OK) {
		free(g);
		return NULL;
	}
	walk_list_init(&g->walks);
	g->mask = *mask;
	flow_mask_words(mask, &g->words);
	return g;
}

static struct eroute_group *group_find(const struct eroute_table *t, const struct flow_mask *mask)
{
	uint32_t i;

	for (i = 0; i < t->list->n; i++)
		if (flow_mask_eq(&t->list->groups[i]->mask, mask))
			return t->list->groups[i];
	return NULL;
}

static struct group_list *list_new(uint32_t n)
{
	struct group_list *l = calloc(1, sizeof *l + n * sizeof l->groups[0]);

	if (l != NULL)
		l->n = n;
	return l;
}

static void list_reclaim(struct rcu_head *head)
{
	free(rcu_reclaim(head, struct group_list, rcu));
}

static struct eroute_group *group_add(struct eroute_table *t, const struct flow_mask *mask)
{
	struct group_list *old = t->list, *new = list_new(old->n + 1);
	struct eroute_group *g = new == NULL ? NULL : group_new(mask);
	uint32_t i = 0;

	if (g == NULL) {
		free(new);
		return NULL;
	}
	for (; i < old->n && mask_order(&old->groups[i]->mask, mask) < 0; i++)
		new->groups[i] = old->groups[i];
	new->groups[i] = g;
	for (; i < old->n; i++)
		new->groups[i + 1] = old->groups[i];
	rcu_put(t->list, new);
	rcu_later(&old->rcu, list_reclaim);
	return g;
}

/* Groups stay when they become empty: masks come back, and a kept one costs a skipped row. */

static bool match(const void *item, const void *key)
{
	const struct eroute *er = item;

	return flow_eq(&er->key, key);
}

/* --- the table ------------------------------------------------------------------------------ */

struct eroute_table *eroute_table_new(void)
{
	struct eroute_table *t = calloc(1, sizeof *t);

	if (t != NULL && (t->list = list_new(0)) == NULL) {
		free(t);
		t = NULL;
	}
	if (t != NULL)
		t->generation = 1;
	return t;
}

void eroute_table_free(struct eroute_table **tp)
{
	struct eroute_table *t = *tp;
	uint32_t i;

	if (t == NULL)
		return;
	eroute_clear(t);
	rcu_barrier();
	for (i = 0; i < t->list->n; i++) {
		hashtable_done(&t->list->groups[i]->table);
		free(t->list->groups[i]);
	}
	free(t->list);
	free(t);
	*tp = NULL;
}

struct eroute *eroute_new(const struct flow *key, const struct flow_mask *mask)
{
	struct eroute *er = aligned_alloc(_Alignof(struct eroute), sizeof *er);
	union flow_words words;
	unsigned i;

	if (er == NULL)
		return NULL;
	memset(er, 0, sizeof *er);
	er->key.flow = *key;
	er->mask = *mask;
	flow_mask_words(mask, &words);
	for (i = 0; i < FLOW_WORDS; i++)
		er->key.w[i] &= words.w[i];
	CDS_INIT_LIST_HEAD(&er->by_sa);
	return er;
}

void eroute_free(struct eroute **er)
{
	if (*er == NULL)
		return;
	free((*er)->src_id);
	free((*er)->dst_id);
	free(*er);
	*er = NULL;
}

static void reclaim(struct rcu_head *head)
{
	struct eroute *er = rcu_reclaim(head, struct eroute, rcu);

	eroute_free(&er);
}

/* May g have eroutes for this flow, and under what key?  */
static bool masked_key(const struct eroute_group *g, const union flow_words *flow,
	union flow_words *key)
{
	unsigned w;

	if (g->mask.family != flow->flow.family || shared_get(g->n) == 0)
		return false;
	for (w = 0; w < FLOW_WORDS; w++)
		key->w[w] = flow->w[w] & g->words.w[w];
	return true;
}

struct eroute *eroute_find(struct eroute_table *t, const union flow_words *flow)
{
	const struct group_list *l = rcu_get(t->list);
	uint32_t i;

	for (i = 0; i < l->n; i++) {
		const struct eroute_group *g = l->groups[i];
		union flow_words key;
		struct eroute *er;

		if (!masked_key(g, flow, &key))
			continue;
		er = hashtable_find(&g->table, flow_hash(&key), match, &key);
		if (er != NULL)
			return er;
	}
	return NULL;
}

bool eroute_needs_ports(struct eroute_table *t, const union flow_words *flow, bool protocol)
{
	const struct group_list *l = rcu_get(t->list);
	uint32_t i;

	for (i = 0; i < l->n; i++) {
		const struct eroute_group *g = l->groups[i];
		union flow_words key;

		if (!masked_key(g, flow, &key))
			continue;
		if (g->mask.sport != 0 || g->mask.dport != 0 || (protocol && g->mask.proto != 0))
			return true;
		if (hashtable_find(&g->table, flow_hash(&key), match, &key) != NULL)
			return false;
	}
	return false;
}

struct eroute *eroute_find_cached(struct eroute_table *t, struct eroute_cache *c,
	const union flow_words *flow)
{
	uint64_t generation = __atomic_load_n(&t->generation, __ATOMIC_ACQUIRE);
	unsigned i = (unsigned)flow_hash(flow) % EROUTE_CACHE_SLOTS;
	struct eroute *er;

	if (c->slots[i].generation == generation && flow_eq(&c->slots[i].flow, flow))
		return c->slots[i].er;
	er = eroute_find(t, flow);
	c->slots[i].flow = *flow;
	c->slots[i].er = er;
	c->slots[i].generation = generation;
	return er;
}

enum { CHUNK = 64 };

/* What is not found yet goes through one group: three passes, so that the cache misses of all flows are
 * under way together. */
struct pass {
	unsigned n;
	uint8_t of[CHUNK]; /* indices of flows */
	union flow_words keys[CHUNK];
	uint64_t hashes[CHUNK];
	struct eroute *guesses[CHUNK];
};

static void pass_group(const struct eroute_group *g, const union flow_words *flows,
	struct eroute **found, unsigned n, struct pass *p)
{
	unsigned i;

	p->n = 0;
	for (i = 0; i < n; i++) {
		if (found[i] != NULL || !masked_key(g, &flows[i], &p->keys[p->n]))
			continue;
		p->hashes[p->n] = flow_hash(&p->keys[p->n]);
		hashtable_prefetch(&g->table, p->hashes[p->n]);
		p->of[p->n++] = (uint8_t)i;
	}
	for (i = 0; i < p->n; i++) {
		p->guesses[i] = hashtable_guess(&g->table, p->hashes[i]);
		if (p->guesses[i] != NULL)
			__builtin_prefetch(p->guesses[i]);
	}
	for (i = 0; i < p->n; i++) {
		struct eroute *er = p->guesses[i];

		if (er != NULL && !match(er, &p->keys[i]))
			er = hashtable_find(&g->table, p->hashes[i], match, &p->keys[i]);
		found[p->of[i]] = er;
	}
}

void eroute_find_batch(struct eroute_table *t, const union flow_words *flows,
	struct eroute **found, unsigned n)
{
	const struct group_list *l = rcu_get(t->list);
	struct pass p;
	uint32_t i;

	memset(found, 0, n * sizeof *found);
	while (n > 0) {
		unsigned now = n < CHUNK ? n : CHUNK;

		for (i = 0; i < l->n; i++)
			if (shared_get(l->groups[i]->n) > 0)
				pass_group(l->groups[i], flows, found, now, &p);
		flows += now;
		found += now;
		n -= now;
	}
}

void eroute_cache_warm(struct eroute_table *t, struct eroute_cache *c, const union flow_words *flows,
	unsigned n)
{
	uint64_t generation = __atomic_load_n(&t->generation, __ATOMIC_ACQUIRE);
	union flow_words missing[CHUNK];
	struct eroute *found[CHUNK];
	unsigned i, k, at, many;

	for (i = 0; i < n;) {
		for (many = 0; i < n && many < CHUNK; i++) {
			at = (unsigned)flow_hash(&flows[i]) % EROUTE_CACHE_SLOTS;
			if (c->slots[at].generation != generation
				|| !flow_eq(&c->slots[at].flow, &flows[i]))
				missing[many++] = flows[i];
		}
		eroute_find_batch(t, missing, found, many);
		for (k = 0; k < many; k++) {
			at = (unsigned)flow_hash(&missing[k]) % EROUTE_CACHE_SLOTS;
			c->slots[at].flow = missing[k];
			c->slots[at].er = found[k];
			c->slots[at].generation = generation;
		}
	}
}

struct eroute *eroute_exact(struct eroute_table *t, const struct flow *key,
	const struct flow_mask *mask)
{
	struct eroute_group *g = group_find(t, mask);
	union flow_words masked = { .flow = *key };
	unsigned w;

	if (g == NULL)
		return NULL;
	for (w = 0; w < FLOW_WORDS; w++)
		masked.w[w] &= g->words.w[w];
	return hashtable_find(&g->table, flow_hash(&masked), match, &masked);
}

static void retire(struct eroute *er)
{
	cds_list_del_init(&er->by_sa);
	rcu_later(&er->rcu, reclaim);
}

static void take_place(struct eroute_table *t, struct eroute_group *g, struct eroute *was,
	struct eroute *er)
{
	er->packets = shared_get(was->packets);
	er->used_s = shared_get(was->used_s);
	hashtable_replace(&g->table, flow_hash(&er->key), was, er);
	walk_list_replace(&g->walks, &was->all, &er->all);
	changed(t);
	retire(was);
}

ms_err eroute_put(struct eroute_table *t, struct eroute *er, bool replace)
{
	struct eroute_group *g = group_find(t, &er->mask);
	struct eroute *was;
	ms_err err;

	if (g == NULL)
		g = group_add(t, &er->mask);
	if (g == NULL)
		return MS_ERR_NOMEM;
	was = hashtable_find(&g->table, flow_hash(&er->key), match, &er->key);
	if (was != NULL) {
		if (!replace)
			return MS_ERR_DUPLICATE;
		take_place(t, g, was, er);
		return MS_OK;
	}
	err = hashtable_add(&g->table, flow_hash(&er->key), er);
	if (err != MS_OK)
		return err;
	walk_list_add(&g->walks, &er->all);
	shared_set(g->n, g->n + 1);
	shared_set(t->n, t->n + 1);
	changed(t);
	return MS_OK;
}

void eroute_cache_sa(struct eroute *er, struct klips_sa *sa)
{
	cds_list_del_init(&er->by_sa);
	rcu_put(er->sa, sa);
	if (sa != NULL)
		cds_list_add_tail(&er->by_sa, &sa->eroutes);
}

struct eroute *eroute_clone(const struct eroute *er)
{
	struct eroute *new = eroute_new(&er->key.flow, &er->mask);

	if (new == NULL)
		return NULL;
	new->shunt = er->shunt;
	new->said = er->said;
	new->pid = er->pid;
	new->src_id = er->src_id == NULL ? NULL : strdup(er->src_id);
	new->dst_id = er->dst_id == NULL ? NULL : strdup(er->dst_id);
	return new;
}

void eroute_remove(struct eroute_table *t, struct eroute *er)
{
	struct eroute_group *g = group_find(t, &er->mask);

	if (g == NULL || !hashtable_remove(&g->table, flow_hash(&er->key), er))
		return;
	shared_set(g->n, g->n - 1);
	shared_set(t->n, t->n - 1);
	walk_list_remove(&g->walks, &er->all);
	changed(t);
	retire(er);
}

uint32_t eroute_count(const struct eroute_table *t)
{
	return shared_get(t->n);
}

uint64_t eroute_changes(const struct eroute_table *t)
{
	return t->generation;
}

/* --- walks ---------------------------------------------------------------------------------- */

void eroute_walk_start(struct eroute_walk *w, struct eroute_table *t)
{
	w->t = t;
	w->group = t->list->n == 0 ? NULL : t->list->groups[0];
	if (w->group != NULL)
		walk_start(&w->w, &w->group->walks);
}

/* The group after this one, as the list is now. */
static struct eroute_group *group_after(const struct eroute_table *t, const struct eroute_group *g)
{
	uint32_t i;

	for (i = 0; i + 1 < t->list->n; i++)
		if (t->list->groups[i] == g)
			return t->list->groups[i + 1];
	return NULL;
}

struct eroute *eroute_walk_next(struct eroute_walk *w)
{
	while (w->group != NULL) {
		struct cds_list_head *item = walk_next(&w->w, &w->group->walks);

		if (item != NULL)
			return rcu_container(item, struct eroute, all);
		eroute_walk_end(w);
		w->group = group_after(w->t, w->group);
		if (w->group != NULL)
			walk_start(&w->w, &w->group->walks);
	}
	return NULL;
}

void eroute_walk_end(struct eroute_walk *w)
{
	if (w->group != NULL)
		walk_end(&w->w);
}

void eroute_each(struct eroute_table *t, bool (*fn)(void *arg, struct eroute *er), void *arg)
{
	struct eroute_walk w;
	struct eroute *er;

	eroute_walk_start(&w, t);
	while ((er = eroute_walk_next(&w)) != NULL && fn(arg, er))
		continue;
	eroute_walk_end(&w);
}

static bool remove_one(void *arg, struct eroute *er)
{
	eroute_remove(arg, er);
	return true;
}

void eroute_clear(struct eroute_table *t)
{
	eroute_each(t, remove_one, t);
}
