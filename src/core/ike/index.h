/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the engine finds things with: intrusive hash tables with a seeded hash, and a heap of
 * timers. Neither owns its members; both cost the same with one SA or a million.
 */
#ifndef MODSWAN_CORE_IKE_INDEX_H
#define MODSWAN_CORE_IKE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

struct ike_node {
	struct ike_node *next;
	uint32_t hash;
	bool in;
	uint8_t mark; /* the user's, where one object has two nodes in a table */
};

/* IKE and CHILD SAs are numbered by one counter and found in one table. */
struct ike_serial_node {
	struct ike_node node;
	bool is_child;
};

/* It grows a few chains at a time, or the loop would stand still for some ten milliseconds where a
 * hundred thousand SAs are.  A hash is in one place only: in its old chain until that has moved. */
struct ike_table {
	struct ike_node **slots, **old; /* old: NULL when all have moved */
	uint32_t mask, old_mask;
	uint32_t moved; /* chains of old that are empty for good */
	uint32_t n;
};

bool ike_table_init(struct ike_table *t);
void ike_table_done(struct ike_table *t);
void ike_table_add(struct ike_table *t, struct ike_node *node, uint32_t hash);
void ike_table_remove(struct ike_table *t, struct ike_node *node); /* no-op when it is not in */
/* All with this hash: compare the rest yourself. */
struct ike_node *ike_table_first(const struct ike_table *t, uint32_t hash);
struct ike_node *ike_table_next(const struct ike_node *node);

/* SipHash-1-3 folded to 32 bits: peers choose the input. */
uint32_t ike_hash(const uint64_t seed[2], const void *data, size_t len);

struct ike_timer {
	uint64_t at;
	uint32_t pos; /* in the heap + 1; 0: not set */
	uint8_t kind; /* the engine's */
};

struct ike_heap {
	uint32_t kept; /* timers that are sure of a place */
	struct ike_timer **v;
	uint32_t n, cap;
};

void ike_heap_done(struct ike_heap *h);
/* There will be a place for one timer more, whatever becomes of memory.  False: there is none now. */
bool ike_heap_keep(struct ike_heap *h);
static inline void ike_heap_keep_no_more(struct ike_heap *h)
{
	h->kept--;
}
/* at UINT64_MAX takes it out. False: out of memory (only when it was not in). */
bool ike_heap_set(struct ike_heap *h, struct ike_timer *t, uint64_t at);
static inline struct ike_timer *ike_heap_top(const struct ike_heap *h)
{
	return h->n > 0 ? h->v[0] : NULL;
}

#endif
