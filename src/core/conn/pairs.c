/* SPDX-License-Identifier: Apache-2.0 */
#include "core/conn/pairs.h"

#include "lib/addr/hash.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_BUCKETS 16

uint64_t pair_map_steps;

static void link_node(struct pair_node **slot, struct pair_node *n)
{
	n->next = *slot;
	if (n->next != NULL)
		n->next->slot = &n->next;
	n->slot = slot;
	*slot = n;
}

bool pair_map_init(struct pair_map *m, const uint64_t seed[2])
{
	memset(m, 0, sizeof *m);
	memcpy(m->seed, seed, sizeof m->seed);
	m->mask = FIRST_BUCKETS - 1;
	m->buckets = calloc(FIRST_BUCKETS, sizeof(struct pair_node *));
	return m->buckets != NULL;
}

void pair_map_done(struct pair_map *m)
{
	free(m->buckets);
	free(m->shapes);
	memset(m, 0, sizeof *m);
}

/* Length of the prefix that all addresses of the range have. */
static uint8_t common_bits(const struct ms_range *r)
{
	unsigned n = (unsigned)ms_addr_octets(&r->first), i = 0, bits;
	uint8_t diff;

	while (i < n && r->first.b[i] == r->last.b[i])
		i++;
	if (i == n)
		return (uint8_t)(n * 8);
	bits = i * 8;
	for (diff = r->first.b[i] ^ r->last.b[i]; (diff & 0x80) == 0; diff = (uint8_t)(diff << 1))
		bits++;
	return (uint8_t)bits;
}

static uint32_t hash_of(const struct pair_map *m, const struct ms_addr *src, unsigned src_bits,
	const struct ms_addr *dst, unsigned dst_bits)
{
	struct ms_subnet s = ms_subnet_make(src, src_bits), d = ms_subnet_make(dst, dst_bits);
	uint8_t key[2 * sizeof s.net.b + 3];

	memcpy(key, s.net.b, sizeof s.net.b);
	memcpy(key + sizeof s.net.b, d.net.b, sizeof d.net.b);
	key[sizeof key - 3] = src->family;
	key[sizeof key - 2] = (uint8_t)src_bits;
	key[sizeof key - 1] = (uint8_t)dst_bits;
	return (uint32_t)ms_siphash(m->seed, key, sizeof key);
}

static void grow(struct pair_map *m)
{
	size_t n = (m->mask + 1) * 2;
	struct pair_node **fresh = calloc(n, sizeof *fresh);

	if (fresh == NULL)
		return; /* longer chains, still right */
	for (size_t i = 0; i <= m->mask; i++)
		for (struct pair_node *p = m->buckets[i], *next; p != NULL; p = next) {
			next = p->next;
			link_node(&fresh[p->hash & (n - 1)], p);
		}
	free(m->buckets);
	m->buckets = fresh;
	m->mask = n - 1;
}

/* --- shapes ---------------------------------------------------------------------------------- */

static int shape_order(const struct pair_shape *a, const struct pair_node *n)
{
	if (a->src_bits != n->src_bits)
		return n->src_bits - a->src_bits;
	if (a->dst_bits != n->dst_bits)
		return n->dst_bits - a->dst_bits;
	return n->src.range.first.family - a->family;
}

/* Where it is, or where it would be. */
static unsigned shape_at(const struct pair_map *m, const struct pair_node *n)
{
	unsigned low = 0, high = m->n_shapes;

	while (low < high) {
		unsigned mid = (low + high) / 2;

		if (shape_order(&m->shapes[mid], n) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool shape_add(struct pair_map *m, const struct pair_node *n)
{
	unsigned at = shape_at(m, n);

	if (at < m->n_shapes && shape_order(&m->shapes[at], n) == 0) {
		m->shapes[at].n++;
		return true;
	}
	if (m->n_shapes == m->room) {
		unsigned room = m->room == 0 ? 8 : 2 * m->room;
		struct pair_shape *more = realloc(m->shapes, room * sizeof *more);

		if (more == NULL)
			return false;
		m->shapes = more;
		m->room = room;
	}
	memmove(&m->shapes[at + 1], &m->shapes[at], (m->n_shapes - at) * sizeof *m->shapes);
	m->shapes[at] = (struct pair_shape){ n->src.range.first.family, n->src_bits, n->dst_bits, 1 };
	m->n_shapes++;
	return true;
}

static void shape_remove(struct pair_map *m, const struct pair_node *n)
{
	unsigned at = shape_at(m, n);

	if (--m->shapes[at].n > 0)
		return;
	m->n_shapes--;
	memmove(&m->shapes[at], &m->shapes[at + 1], (m->n_shapes - at) * sizeof *m->shapes);
}

/* --- the map --------------------------------------------------------------------------------- */

bool pair_map_add(struct pair_map *m, struct pair_node *node)
{
	node->src_bits = common_bits(&node->src.range);
	node->dst_bits = common_bits(&node->dst.range);
	if (!shape_add(m, node))
		return false;
	if (m->n > m->mask)
		grow(m);
	node->hash = hash_of(
		m, &node->src.range.first, node->src_bits, &node->dst.range.first, node->dst_bits);
	link_node(&m->buckets[node->hash & m->mask], node);
	node->in = true;
	pair_map_steps++;
	m->n++;
	return true;
}

void pair_map_remove(struct pair_map *m, struct pair_node *node)
{
	if (!node->in)
		return;
	pair_map_steps++;
	*node->slot = node->next;
	if (node->next != NULL)
		node->next->slot = node->slot;
	node->next = NULL;
	node->slot = NULL;
	node->in = false;
	m->n--;
	shape_remove(m, node);
}

static bool is_pair(const struct pair_node *n, const struct ms_selector *src,
	const struct ms_selector *dst)
{
	return ms_selector_eq(&n->src, src) && ms_selector_eq(&n->dst, dst);
}

struct pair_node *pair_map_exact(const struct pair_map *m, const struct ms_selector *src,
	const struct ms_selector *dst)
{
	uint32_t hash = hash_of(m, &src->range.first, common_bits(&src->range), &dst->range.first,
		common_bits(&dst->range));
	struct pair_node *n = m->buckets[hash & m->mask];

	for (pair_map_steps++; n != NULL && (n->hash != hash || !is_pair(n, src, dst));
		pair_map_steps++)
		n = n->next;
	return n;
}

struct pair_node *pair_map_exact_next(const struct pair_node *node)
{
	struct pair_node *n = node->next;

	for (pair_map_steps++; n != NULL && !is_pair(n, &node->src, &node->dst); pair_map_steps++)
		n = n->next;
	return n;
}

/* How much protocol and ports of it say; 0: it does not cover these. */
static unsigned closeness(const struct pair_node *n, const struct ms_selector *src,
	const struct ms_selector *dst)
{
	unsigned c = 1;

	if (!ms_selector_contains(&n->src, src) || !ms_selector_contains(&n->dst, dst))
		return 0;
	c += n->src.protocol != 0 || n->dst.protocol != 0 ? 4 : 0;
	c += n->src.port_first == n->src.port_last ? 2 : 0;
	c += n->dst.port_first == n->dst.port_last ? 1 : 0;
	return c;
}

struct pair_node *pair_map_find(const struct pair_map *m, const struct ms_selector *src,
	const struct ms_selector *dst, bool (*take)(const struct pair_node *node, void *arg),
	void *arg)
{
	struct pair_node *best = NULL;

	for (unsigned i = 0; i < m->n_shapes && best == NULL; i++) {
		const struct pair_shape *shape = &m->shapes[i];
		unsigned best_c = 0;
		struct pair_node *n;

		if (shape->family != src->range.first.family)
			continue;
		n = m->buckets[hash_of(m, &src->range.first, shape->src_bits, &dst->range.first,
			shape->dst_bits) & m->mask];
		for (; n != NULL; n = n->next) {
			unsigned c;

			pair_map_steps++;
			if (n->src_bits != shape->src_bits || n->dst_bits != shape->dst_bits)
				continue;
			c = closeness(n, src, dst);
			if (c > best_c && (take == NULL || take(n, arg))) {
				best = n;
				best_c = c;
			}
		}
	}
	return best;
}
