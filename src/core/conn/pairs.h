/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A map from pairs of selectors (ours, theirs) to what belongs to them.
 *
 * Whole pairs are found by one hash look-up.  The closest pair that covers a packet is found as KLIPS
 * finds eroutes: the longest source prefix first, then the destination's, then protocol and ports;
 * the cost depends on how many different pairs of prefix lengths there are, not on how many pairs.
 * Nodes are the user's; a range that is no network is kept under the smallest one around it.
 */
#ifndef MODSWAN_CORE_CONN_PAIRS_H
#define MODSWAN_CORE_CONN_PAIRS_H

#include <modswan/addr.h>

struct pair_node {
	struct pair_node *next, **slot; /* of the same bucket; slot points to this one */
	struct ms_selector src, dst;
	uint8_t src_bits, dst_bits;
	bool in;
	uint32_t hash; /* a table grows without looking at selectors again */
};

struct pair_shape {
	uint8_t family, src_bits, dst_bits;
	unsigned n;
};

struct pair_map {
	uint64_t seed[2];
	struct pair_node **buckets;
	size_t mask, n;
	struct pair_shape *shapes; /* closest first */
	unsigned n_shapes, room;
};

/* Nodes that look-ups and changes have come across, in all maps: tests of cost look at it. */
extern uint64_t pair_map_steps;

bool pair_map_init(struct pair_map *m, const uint64_t seed[2]);
void pair_map_done(struct pair_map *m); /* nodes are left alone */
/* src and dst are set; several nodes may have the same.  False: out of memory. */
bool pair_map_add(struct pair_map *m, struct pair_node *node) __attribute__((warn_unused_result));
void pair_map_remove(struct pair_map *m, struct pair_node *node); /* no-op when it is not in */
/* The first with these selectors, and the next after it; NULL: none. */
struct pair_node *pair_map_exact(const struct pair_map *m, const struct ms_selector *src,
	const struct ms_selector *dst);
struct pair_node *pair_map_exact_next(const struct pair_node *node);
/* The closest that covers both and that `take` (NULL: any) takes. */
struct pair_node *pair_map_find(const struct pair_map *m, const struct ms_selector *src,
	const struct ms_selector *dst, bool (*take)(const struct pair_node *node, void *arg),
	void *arg);

#endif
