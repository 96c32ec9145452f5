/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/hashtable.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* At most 5/8 of the slots are used, after a new array is made at most 2/5. */
enum { LEAST_SLOTS = 64, HUGE_OCTETS = 2 << 20 };

char hash_dead;

static struct hash_array *array_new(uint64_t slots)
{
	size_t octets = sizeof(struct hash_array) + slots * sizeof(struct hash_slot);
	size_t align = octets < HUGE_OCTETS ? HASH_LINE_OCTETS : HUGE_OCTETS;
	struct hash_array *a;

	octets = (octets + align - 1) / align * align;
	a = aligned_alloc(align, octets);
	if (a == NULL)
		return NULL;
	/* a table whose pages are small costs a second miss for each first one; it is no error */
	if (align == HUGE_OCTETS && madvise(a, octets, MADV_HUGEPAGE) != 0)
		a->mask = 0;
	memset(a, 0, octets);
	a->mask = slots - 1;
	return a;
}

static void array_reclaim(struct rcu_head *head)
{
	free(rcu_reclaim(head, struct hash_array, rcu));
}

/* The first slot for a new item; true: it was used before. */
static bool free_slot(const struct hash_array *a, uint64_t hash, struct hash_slot **out)
{
	const struct hash_slot *s = hash_first(a, hash);

	while (s->item != NULL && s->item != &hash_dead)
		s = hash_next(a, s);
	*out = (struct hash_slot *)(uintptr_t)s;
	return s->item != NULL;
}

static struct hash_slot *slot_of(const struct hashtable *t, uint64_t hash, const void *item)
{
	const struct hash_slot *s = hash_first(t->array, hash);

	for (; s->item != NULL; s = hash_next(t->array, s))
		if (s->item == item)
			return (struct hash_slot *)(uintptr_t)s;
	return NULL;
}

/* A new array of the right size, without the dead. */
static ms_err rebuild(struct hashtable *t)
{
	struct hash_array *old = t->array, *new;
	uint64_t slots = LEAST_SLOTS, i;

	while (((uint64_t)t->n + 1) * 5 > slots * 2)
		slots *= 2;
	new = array_new(slots);
	if (new == NULL)
		return MS_ERR_NOMEM;
	for (i = 0; i <= old->mask; i++) {
		struct hash_slot *s;

		if (old->slots[i].item == NULL || old->slots[i].item == &hash_dead)
			continue;
		free_slot(new, old->slots[i].hash, &s);
		*s = old->slots[i];
	}
	t->used = t->n;
	rcu_put(t->array, new);
	rcu_later(&old->rcu, array_reclaim);
	return MS_OK;
}

ms_err hashtable_init(struct hashtable *t)
{
	t->n = t->used = 0;
	t->array = array_new(LEAST_SLOTS);
	return t->array == NULL ? MS_ERR_NOMEM : MS_OK;
}

void hashtable_done(struct hashtable *t)
{
	free(t->array);
	t->array = NULL;
}

ms_err hashtable_add(struct hashtable *t, uint64_t hash, void *item)
{
	struct hash_slot *s;

	if (((uint64_t)t->used + 1) * 8 > (t->array->mask + 1) * 5) {
		ms_err err = rebuild(t);

		if (err != MS_OK)
			return err;
	}
	if (!free_slot(t->array, hash, &s))
		t->used++;
	shared_set(s->hash, hash);
	rcu_put(s->item, item);
	t->n++;
	return MS_OK;
}

void hashtable_replace(struct hashtable *t, uint64_t hash, const void *old, void *item)
{
	struct hash_slot *s = slot_of(t, hash, old);

	if (s != NULL)
		rcu_put(s->item, item);
}

bool hashtable_remove(struct hashtable *t, uint64_t hash, const void *item)
{
	struct hash_slot *s = slot_of(t, hash, item);
	bool last;

	if (s == NULL)
		return false;
	/* at the end of a run nothing comes after it that a search could miss */
	last = hash_next(t->array, s)->item == NULL;
	rcu_put(s->item, last ? NULL : &hash_dead);
	t->used -= last;
	t->n--;
	if ((uint64_t)t->n * 16 < t->array->mask && t->array->mask >= LEAST_SLOTS
		&& rebuild(t) != MS_OK)
		return true; /* a table that is larger than need be is as right */
	return true;
}
