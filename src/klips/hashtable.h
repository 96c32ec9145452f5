/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash table that workers read without locks and the control thread changes.
 *
 * Open addressing: a slot is the whole hash and a pointer, four of them a cache line, and a search
 * begins at the beginning of a line.  So a look-up in a table of any size costs one line of the table
 * and one of the item, and batches can fetch both ahead (hashtable_prefetch, hashtable_guess).
 * Growing makes a new array; readers of the old one find there what they would have found.
 *
 * A reader that meets a slot which is given to another item sees either; the hash is compared after
 * the pointer was read, and the item itself by the caller's match.
 */
#ifndef KLIPS_HASHTABLE_H
#define KLIPS_HASHTABLE_H

#include "klips/rcu.h"

#include <modswan/error.h>

#include <stdbool.h>
#include <stdint.h>

enum { HASH_LINE_OCTETS = 64, HASH_LINE_SLOTS = 4 };

struct hash_slot {
	uint64_t hash;
	void *item; /* NULL: never used, a search ends; hash_dead: was removed, a search goes on */
};

struct hash_array {
	struct rcu_head rcu;
	uint64_t mask; /* slots less one; slots are a power of two */
	_Alignas(HASH_LINE_OCTETS) struct hash_slot slots[];
};

struct hashtable {
	struct hash_array *array; /* RCU */
	uint32_t n, used;	  /* items; slots that are not NULL */
};

typedef bool hash_match_f(const void *item, const void *key);
extern char hash_dead;

/* --- any thread, online ---------------------------------------------------------------------- */

static inline const struct hash_slot *hash_first(const struct hash_array *a, uint64_t hash)
{
	return &a->slots[hash & a->mask & ~(uint64_t)(HASH_LINE_SLOTS - 1)];
}

static inline const struct hash_slot *hash_next(const struct hash_array *a,
	const struct hash_slot *s)
{
	return s == &a->slots[a->mask] ? a->slots : s + 1;
}

static inline void *hashtable_find(const struct hashtable *t, uint64_t hash, hash_match_f *match,
	const void *key)
{
	const struct hash_array *a = rcu_get(t->array);
	const struct hash_slot *s = hash_first(a, hash);
	void *item;

	for (; (item = rcu_get(s->item)) != NULL; s = hash_next(a, s))
		if (shared_get(s->hash) == hash && item != &hash_dead && match(item, key))
			return item;
	return NULL;
}

/* For batches: the line where a search would begin is fetched. */
static inline void hashtable_prefetch(const struct hashtable *t, uint64_t hash)
{
	__builtin_prefetch(hash_first(rcu_get(t->array), hash));
}

/* For batches: what has this hash, without looking at it; NULL: nothing has.  Two items of one hash are
 * as good as impossible, but not wholly: one that does not match means that hashtable_find() knows. */
static inline void *hashtable_guess(const struct hashtable *t, uint64_t hash)
{
	const struct hash_array *a = rcu_get(t->array);
	const struct hash_slot *s = hash_first(a, hash);
	void *item;

	for (; (item = rcu_get(s->item)) != NULL; s = hash_next(a, s))
		if (shared_get(s->hash) == hash && item != &hash_dead)
			return item;
	return NULL;
}

/* --- control thread --------------------------------------------------------------------------- */

ms_err hashtable_init(struct hashtable *t) MS_MUST_CHECK;
/* No worker may be reading; items are the caller's. */
void hashtable_done(struct hashtable *t);
/* One that matches may not be in it. */
ms_err hashtable_add(struct hashtable *t, uint64_t hash, void *item) MS_MUST_CHECK;
/* Readers find one or the other, never neither. */
void hashtable_replace(struct hashtable *t, uint64_t hash, const void *old, void *item);
/* False: it is not in there. */
bool hashtable_remove(struct hashtable *t, uint64_t hash, const void *item);

#endif
