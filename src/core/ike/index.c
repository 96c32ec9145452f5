/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ike/index.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_MASK = 63, MOVES = 4 };

bool ike_table_init(struct ike_table *t)
{
	*t = (struct ike_table){ .mask = FIRST_MASK };
	t->slots = calloc(t->mask + 1, sizeof(t->slots[0]));
	return t->slots != NULL;
}

void ike_table_done(struct ike_table *t)
{
	free(t->slots);
	free(t->old);
	t->slots = t->old = NULL;
}

static struct ike_node **chain_of(const struct ike_table *t, uint32_t hash)
{
	if (t->old && (hash & t->old_mask) >= t->moved)
		return &t->old[hash & t->old_mask];
	return &t->slots[hash & t->mask];
}

static void begin_to_grow(struct ike_table *t)
{
	uint32_t mask = t->mask * 2 + 1;
	struct ike_node **slots = calloc((size_t)mask + 1, sizeof(slots[0]));

	if (!slots)
		return; /* longer chains are better than a refusal */
	t->old = t->slots;
	t->old_mask = t->mask;
	t->moved = 0;
	t->slots = slots;
	t->mask = mask;
}

static void move_some(struct ike_table *t)
{
	for (unsigned i = 0; i < MOVES && t->moved <= t->old_mask; i++) {
		struct ike_node *n = t->old[t->moved], *next;

		t->old[t->moved++] = NULL;
		for (; n; n = next) {
			next = n->next;
			n->next = t->slots[n->hash & t->mask];
			t->slots[n->hash & t->mask] = n;
		}
	}
	if (t->moved > t->old_mask) {
		free(t->old);
		t->old = NULL;
	}
}

void ike_table_add(struct ike_table *t, struct ike_node *node, uint32_t hash)
{
	struct ike_node **chain;

	if (t->old)
		move_some(t);
	else if (t->n > t->mask)
		begin_to_grow(t);
	chain = chain_of(t, hash);
	node->hash = hash;
	node->next = *chain;
	*chain = node;
	node->in = true;
	t->n++;
}

void ike_table_remove(struct ike_table *t, struct ike_node *node)
{
	struct ike_node **p;

	if (!node->in)
		return;
	for (p = chain_of(t, node->hash); *p != node; p = &(*p)->next)
		;
	*p = node->next;
	node->in = false;
	t->n--;
}

static struct ike_node *same_hash(struct ike_node *n, uint32_t hash)
{
	while (n && n->hash != hash)
		n = n->next;
	return n;
}

struct ike_node *ike_table_first(const struct ike_table *t, uint32_t hash)
{
	return same_hash(*chain_of(t, hash), hash);
}

struct ike_node *ike_table_next(const struct ike_node *node)
{
	return same_hash(node->next, node->hash);
}

static inline uint64_t rotl(uint64_t v, unsigned n)
{
	return v << n | v >> (64 - n);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[0] = rotl(v[0], 32);
	v[2] += v[3];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[2] = rotl(v[2], 32);
}

uint32_t ike_hash(const uint64_t seed[2], const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t v[4] = { seed[0] ^ 0x736f6d6570736575, seed[1] ^ 0x646f72616e646f6d,
		seed[0] ^ 0x6c7967656e657261, seed[1] ^ 0x7465646279746573 };
	size_t left = len;
	uint64_t last = (uint64_t)len << 56;

	for (; left >= 8; left -= 8, p += 8) {
		uint64_t m;

		memcpy(&m, p, 8);
		v[3] ^= m;
		sip_round(v);
		v[0] ^= m;
	}
	for (size_t i = 0; i < left; i++)
		last |= (uint64_t)p[i] << (8 * i);
	v[3] ^= last;
	sip_round(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	v[0] ^= v[1] ^ v[2] ^ v[3];
	return (uint32_t)(v[0] ^ v[0] >> 32);
}

void ike_heap_done(struct ike_heap *h)
{
	free(h->v);
	memset(h, 0, sizeof(*h));
}

static void place(struct ike_heap *h, uint32_t i, struct ike_timer *t)
{
	h->v[i] = t;
	t->pos = i + 1;
}

static void sift(struct ike_heap *h, uint32_t i, struct ike_timer *t)
{
	while (i > 0 && h->v[(i - 1) / 2]->at > t->at) {
		place(h, i, h->v[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child >= h->n)
			break;
		if (child + 1 < h->n && h->v[child + 1]->at < h->v[child]->at)
			child++;
		if (h->v[child]->at >= t->at)
			break;
		place(h, i, h->v[child]);
		i = child;
	}
	place(h, i, t);
}

static bool enlarge(struct ike_heap *h)
{
	uint32_t cap = h->cap ? h->cap * 2 : 64;
	struct ike_timer **v = realloc(h->v, cap * sizeof(v[0]));

	if (!v)
		return false;
	h->v = v;
	h->cap = cap;
	return true;
}

bool ike_heap_keep(struct ike_heap *h)
{
	if (h->kept >= h->cap && !enlarge(h))
		return false;
	h->kept++;
	return true;
}

bool ike_heap_set(struct ike_heap *h, struct ike_timer *t, uint64_t at)
{
	if (at == UINT64_MAX) {
		uint32_t i = t->pos - 1;
		struct ike_timer *moved;

		if (t->pos == 0)
			return true;
		t->pos = 0;
		moved = h->v[--h->n];
		if (moved != t)
			sift(h, i, moved);
		return true;
	}
	if (t->pos == 0) {
		if (h->n == h->cap && !enlarge(h))
			return false;
		t->at = at;
		sift(h, h->n++, t);
		return true;
	}
	t->at = at;
	sift(h, t->pos - 1, t);
	return true;
}
