/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The eroute table: what to do with packets that go out.
 *
 * Eroutes with the same masks stand in one hash table (hashtable.h); the tables stand in a list, most specific
 * source first, then destination, protocol, source port, destination port.  A look-up asks them in
 * that order, so its cost depends on how many different masks there are and not on how many
 * eroutes.  The control thread changes everything, workers read under RCU (qsbr): an eroute that a
 * worker found stays valid until its next quiescent state.
 */
#ifndef KLIPS_EROUTE_H
#define KLIPS_EROUTE_H

#include "klips/eroute_key.h"
#include "klips/rcu.h"
#include "klips/walk.h"

#include <modswan/kernel.h>

struct klips_sa;
struct eroute_group;

struct eroute {
	/* what a look-up reads is one cache line */
	_Alignas(64) union flow_words key; /* masked */
	struct flow_mask mask;
	bool automatic;	      /* a hold that a trap made */
	enum ms_shunt shunt;
	struct klips_sa *sa;  /* cached, RCU; NULL: ask the SA table */
	struct rcu_head rcu;
	struct ms_said said;  /* MS_SHUNT_NONE: first SA of the group; else how it is listed */
	struct cds_list_head by_sa; /* control thread: eroutes whose sa is the same */
	struct cds_list_head all;   /* control thread: of the same masks, for walks */
	uint64_t packets, used_s; /* relaxed atomics */
	uint32_t pid;		  /* who made it */
	char *src_id, *dst_id;	  /* may be NULL */
};

struct eroute_table;

/* NULL: out of memory. */
struct eroute_table *eroute_table_new(void);
/* No worker may be reading any more. */
void eroute_table_free(struct eroute_table **t);

/* A new one, not yet in a table; key is masked here. */
struct eroute *eroute_new(const struct flow *key, const struct flow_mask *mask);
void eroute_free(struct eroute **er); /* one that is in no table */

/* What one worker found lately, also that there is nothing.  All of it is stale as soon as the table
 * changes; an eroute that is taken out lives until the worker's next quiescent state. */
enum { EROUTE_CACHE_SLOTS = 1024 };

struct eroute_cache {
	struct {
		union flow_words flow;
		struct eroute *er;
		uint64_t generation; /* of the table; 0: empty */
	} slots[EROUTE_CACHE_SLOTS];
};

/* As eroute_find(); asks the worker's cache first. */
struct eroute *eroute_find_cached(struct eroute_table *t, struct eroute_cache *c,
	const union flow_words *flow);

/* Looks up side by side what of n flows is not in the cache, and puts it there: with many eroutes each
 * look-up by itself would wait for memory. */
void eroute_cache_warm(struct eroute_table *t, struct eroute_cache *c, const union flow_words *flows,
	unsigned n);

/* Worker or control; the caller is an online RCU reader. */
struct eroute *eroute_find(struct eroute_table *t, const union flow_words *flow);
/* A flow whose ports, and with `protocol` also that, are not known: may they decide what is found?  As
 * far as the masks tell: perhaps no eroute of these addresses has ports. */
bool eroute_needs_ports(struct eroute_table *t, const union flow_words *flow, bool protocol);
/* n of them at once, whose memory is fetched side by side; NULL where there is none. */
void eroute_find_batch(struct eroute_table *t, const union flow_words *flows,
	struct eroute **found, unsigned n);

/* --- control thread only -------------------------------------------------------------------- */

struct eroute *eroute_exact(struct eroute_table *t, const struct flow *key,
	const struct flow_mask *mask);
/* Puts er in; an exact predecessor is replaced (counts go over) when `replace`, else
 * MS_ERR_DUPLICATE.  The predecessor is freed after a grace period. */
ms_err eroute_put(struct eroute_table *t, struct eroute *er, bool replace) MS_MUST_CHECK;
/* The eroute's SA, so that workers need not look it up; sa may be NULL. */
void eroute_cache_sa(struct eroute *er, struct klips_sa *sa);
/* A copy under construction: same key, words and counts, no SA. */
struct eroute *eroute_clone(const struct eroute *er);
/* Takes it out and frees it after a grace period. */
void eroute_remove(struct eroute_table *t, struct eroute *er);
void eroute_clear(struct eroute_table *t);
uint32_t eroute_count(const struct eroute_table *t);
/* Grows with each change. */
uint64_t eroute_changes(const struct eroute_table *t);
/* Calls fn for each, most specific masks first, until it returns false. */
void eroute_each(struct eroute_table *t, bool (*fn)(void *arg, struct eroute *er), void *arg);

/* The same piece by piece: NULL at the end.  Started with eroute_walk_start(), always ended. */
struct eroute_walk {
	struct eroute_table *t;
	struct eroute_group *group; /* NULL: the table is empty */
	struct walk w;
};
void eroute_walk_start(struct eroute_walk *w, struct eroute_table *t);
struct eroute *eroute_walk_next(struct eroute_walk *w);
void eroute_walk_end(struct eroute_walk *w);

#endif
