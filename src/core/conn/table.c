/* SPDX-License-Identifier: Apache-2.0 */
/* The connection table: by name, by host pair, in order of addition. */
#include "core/conn/conn_priv.h"

#include "lib/addr/hash.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_BUCKETS 64

bool conn_index_init(struct conn_index *ix)
{
	ix->mask = FIRST_BUCKETS - 1;
	ix->buckets = calloc(FIRST_BUCKETS, sizeof(struct conn *));
	return ix->buckets != NULL;
}

static size_t name_hash(const struct conn_table *t, const char *name)
{
	return (size_t)ms_siphash(t->seed, name, strlen(name));
}

static size_t pair_hash(const struct conn_table *t, const struct ms_addr *local,
	const struct ms_addr *remote)
{
	return (size_t)(ms_addr_hash(local, t->seed) * 3 + ms_addr_hash(remote, t->seed));
}

static size_t hash_by_name(const struct conn_table *t, const struct conn *c)
{
	return name_hash(t, c->desc->name);
}

static size_t hash_by_pair(const struct conn_table *t, const struct conn *c)
{
	return pair_hash(t, &c->local.host.addr, &c->remote.host.addr);
}

static size_t hash_by_clients(const struct conn_table *t, const struct conn *c)
{
	return pair_hash(t, &c->local.clients[0].range.first, &c->remote.clients[0].range.first);
}

/* Which link of struct conn an index uses, and its hash. */
struct index_kind {
	size_t link;
	size_t (*hash)(const struct conn_table *t, const struct conn *c);
};

static const struct index_kind name_kind = { offsetof(struct conn, next_name), hash_by_name };
static const struct index_kind pair_kind = { offsetof(struct conn, next_pair), hash_by_pair };

/* Of instances, which are not in the index of pairs. */
static const struct index_kind clients_kind = { offsetof(struct conn, next_pair), hash_by_clients };

static struct conn **link_of(const struct index_kind *kind, struct conn *c)
{
	return (struct conn **)(void *)((char *)c + kind->link);
}

static void push(struct conn **slot, const struct index_kind *kind, struct conn *c)
{
	*link_of(kind, c) = *slot;
	*slot = c;
}

static void grow(const struct conn_table *t, struct conn_index *ix, const struct index_kind *kind)
{
	size_t n = (ix->mask + 1) * 2;
	struct conn **old = ix->buckets, **fresh = calloc(n, sizeof *fresh);

	if (fresh == NULL)
		return; /* longer chains, still right */
	ix->buckets = fresh;
	for (size_t i = 0; i <= ix->mask; i++)
		for (struct conn *c = old[i], *next; c != NULL; c = next) {
			next = *link_of(kind, c);
			push(&fresh[kind->hash(t, c) & (n - 1)], kind, c);
		}
	ix->mask = n - 1;
	free(old);
}

static void insert(struct conn_table *t, struct conn_index *ix, const struct index_kind *kind,
	struct conn *c)
{
	if (t->count > ix->mask)
		grow(t, ix, kind);
	push(&ix->buckets[kind->hash(t, c) & ix->mask], kind, c);
}

static void take_out(struct conn_table *t, struct conn_index *ix, const struct index_kind *kind,
	struct conn *c)
{
	struct conn **slot = &ix->buckets[kind->hash(t, c) & ix->mask];

	for (; *slot != NULL; slot = link_of(kind, *slot))
		if (*slot == c) {
			*slot = *link_of(kind, c);
			*link_of(kind, c) = NULL;
			return;
		}
}

/* Nobody looks for an instance or a member by its hosts: thousands behind one address must not lengthen the
 * chain in which their template is found. */
void conn_pair_insert(struct conn_table *t, struct conn *c)
{
	if (c->for_pair)
		insert(t, &t->by_clients, &clients_kind, c);
	if (c->instance != 0 || (c->member && !c->stands_in))
		return;
	insert(t, &t->by_pair, &pair_kind, c);
	conn_aliases_insert(t, c);
	conn_offer_insert(t, c);
	c->counted_by_cert = conn_end_by_cert(&c->remote);
	t->by_cert += c->counted_by_cert;
}

void conn_pair_remove(struct conn_table *t, struct conn *c)
{
	if (c->for_pair)
		take_out(t, &t->by_clients, &clients_kind, c);
	if (c->instance != 0 || (c->member && !c->stands_in))
		return;
	take_out(t, &t->by_pair, &pair_kind, c);
	conn_aliases_remove(t, c);
	conn_offer_remove(t, c);
	t->by_cert -= c->counted_by_cert;
	c->counted_by_cert = false;
}

struct conn *conn_pair_bucket(const struct conn_table *t, const struct ms_addr *local,
	const struct ms_addr *remote)
{
	return t->by_pair.buckets[pair_hash(t, local, remote) & t->by_pair.mask];
}

struct conn *conn_clients_bucket(const struct conn_table *t, const struct ms_addr *mine,
	const struct ms_addr *theirs)
{
	return t->by_clients.buckets[pair_hash(t, mine, theirs) & t->by_clients.mask];
}

struct conn_table *conn_table_new(const uint64_t hash_seed[2])
{
	struct conn_table *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	memcpy(t->seed, hash_seed, sizeof t->seed);
	t->reqid = 16384;
	if (!conn_index_init(&t->by_name) || !conn_index_init(&t->by_pair) ||
		!conn_index_init(&t->by_clients))
		conn_table_free(&t);
	return t;
}

void conn_table_free(struct conn_table **t)
{
	struct conn_proposals *p, *next;

	if (*t == NULL)
		return;
	while ((*t)->first != NULL)
		conn_delete(*t, (*t)->first);
	for (p = (*t)->proposals; p != NULL; p = next) {
		next = p->next;
		conn_proposals_free(&p);
	}
	free((*t)->myid);
	ms_id_free(&(*t)->myid_found[0]);
	ms_id_free(&(*t)->myid_found[1]);
	free((*t)->akas);
	free((*t)->aliases);
	free((*t)->offers);
	free((*t)->by_name.buckets);
	free((*t)->by_pair.buckets);
	free((*t)->by_clients.buckets);
	free(*t);
	*t = NULL;
}

void conn_table_subjects(struct conn_table *t, conn_subject_f *fn, void *arg)
{
	t->subject = fn;
	t->subject_arg = arg;
}

void conn_table_devices(struct conn_table *t, conn_device_f *fn, void *arg)
{
	t->device_address = fn;
	t->device_arg = arg;
}

/* Its template knows it; one that is being added is the first. */
static void adopt(struct conn *parent, struct conn *c)
{
	parent->n_instances++;
	c->sibling_next = parent->children;
	if (c->sibling_next != NULL)
		c->sibling_next->sibling_prev = c;
	parent->children = c;
}

static void disown(struct conn *parent, struct conn *c)
{
	parent->n_instances--;
	*(c->sibling_prev == NULL ? &parent->children : &c->sibling_prev->sibling_next) =
		c->sibling_next;
	if (c->sibling_next != NULL)
		c->sibling_next->sibling_prev = c->sibling_prev;
	c->sibling_prev = c->sibling_next = NULL;
}

/* Instances and members are not found by name: their template is. */
ms_err conn_table_insert(struct conn_table *t, struct conn *c)
{
	if (c->template == NULL && conn_aka_insert(t, c) != MS_OK)
		return MS_ERR_NOMEM;
	c->serial = ++t->serial;
	t->count++;
	c->all_prev = t->last;
	c->all_next = NULL;
	*(t->last == NULL ? &t->first : &t->last->all_next) = c;
	t->last = c;
	if (c->group) {
		struct conn **end = &t->groups;

		while (*end != NULL)
			end = &(*end)->group_next;
		*end = c;
	}
	if (c->template != NULL)
		adopt(c->template, c);
	else
		insert(t, &t->by_name, &name_kind, c);
	if (c->oriented)
		conn_pair_insert(t, c);
	return MS_OK;
}

/* Not yet in the table. */
static ms_err understand(struct conn_table *t, const struct ms_conn_desc *desc, struct conn **out,
	struct ms_why *why)
{
	struct conn *c = *out = calloc(1, sizeof *c);
	ms_err err = MS_ERR_NOMEM;
	char place[512];

	if (c == NULL)
		return MS_ERR_NOMEM;
	c->refs = 1;
	c->desc = calloc(1, sizeof *c->desc);
	if (c->desc != NULL && ms_conn_desc_copy(c->desc, desc)) {
		err = conn_build(t, c, why);
		if (err != MS_OK)
			ms_why_prefix(why, "connection \"%s\" (%.200s): ", desc->name,
				desc->source == NULL ? "whack"
						     : ms_conn_where(desc, ms_why_text(why, err),
							       place, sizeof place));
		/* of no more use */
		free(c->desc->places);
		c->desc->places = NULL;
	}
	if (err != MS_OK)
		conn_unref(out);
	return err;
}

ms_err conn_check(struct conn_table *t, const struct ms_conn_desc *desc, struct ms_why *why)
{
	struct conn *c;
	ms_err err = understand(t, desc, &c, why);

	conn_unref(&c);
	return err;
}

ms_err conn_add(struct conn_table *t, const struct ms_conn_desc *desc, struct conn **out,
	struct ms_why *why)
{
	ms_err err;

	*out = NULL;
	if (conn_by_name(t, desc->name) != NULL)
		return ms_fail(why, MS_ERR_DUPLICATE, "attempt to redefine connection \"%s\"",
			desc->name);
	err = understand(t, desc, out, why);
	if (err != MS_OK)
		return err;
	(*out)->reqid = desc->reqid != 0 ? desc->reqid : ++t->reqid;
	err = conn_table_insert(t, *out);
	if (err != MS_OK)
		conn_unref(out);
	return err;
}

void conn_delete(struct conn_table *t, struct conn *c)
{
	if (c->deleted)
		return;
	c->deleted = true;
	conn_stand_in_goes(t, c);
	if (c->template != NULL)
		disown(c->template, c);
	if (c->oriented)
		conn_pair_remove(t, c);
	if (c->template == NULL) {
		take_out(t, &t->by_name, &name_kind, c);
		conn_aka_remove(t, c);
	}
	for (struct conn **slot = &t->groups; c->group && *slot != NULL; slot = &(*slot)->group_next)
		if (*slot == c) {
			*slot = c->group_next;
			break;
		}
	for (struct conn_walk *w = t->walks; w != NULL; w = w->next)
		if (w->at == c)
			w->at = c->all_next;
	*(c->all_prev == NULL ? &t->first : &c->all_prev->all_next) = c->all_next;
	*(c->all_next == NULL ? &t->last : &c->all_next->all_prev) = c->all_prev;
	c->all_prev = c->all_next = NULL;
	t->count--;
	conn_unref(&c);
}

struct conn *conn_by_name(const struct conn_table *t, const char *name)
{
	struct conn *c = t->by_name.buckets[name_hash(t, name) & t->by_name.mask];

	while (c != NULL && strcmp(c->desc->name, name) != 0)
		c = c->next_name;
	return c;
}

struct conn *conn_first(const struct conn_table *t)
{
	return t->first;
}

void conn_walk_begin(struct conn_table *t, struct conn_walk *w)
{
	w->at = t->first;
	w->next = t->walks;
	t->walks = w;
}

struct conn *conn_walk_next(struct conn_walk *w)
{
	struct conn *c = w->at;

	if (c != NULL)
		w->at = c->all_next;
	return c;
}

void conn_walk_end(struct conn_table *t, struct conn_walk *w)
{
	struct conn_walk **slot = &t->walks;

	while (*slot != NULL && *slot != w)
		slot = &(*slot)->next;
	if (*slot != NULL)
		*slot = w->next;
}

struct conn *conn_first_group(const struct conn_table *t)
{
	return t->groups;
}

unsigned conn_count(const struct conn_table *t)
{
	return t->count;
}
