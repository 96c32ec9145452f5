/* SPDX-License-Identifier: Apache-2.0 */
/* One pool of addresses and who has them; see pool.c. */
#ifndef PLUGINS_ATTR_POOL_H
#define PLUGINS_ATTR_POOL_H

#include <modswan/attr.h>

#define POOL_MAX_RANGES 16

struct pool;

/* An address that was handed out once; or a static one. */
struct pool_lease {
	struct pool_lease *next_id, *next_addr;	  /* chains */
	struct pool_lease *idle_prev, *idle_next; /* longest unused first */
	struct ms_addr addr;
	struct ms_id id;
	int64_t used;	/* seconds: when it was handed out, or given back */
	unsigned users; /* 0: idle, kept for the identity */
	bool fixed;	/* static: for this identity alone */
	bool expired;	/* the identity has no claim to it any more */
};

/* text: "A-B,NET/BITS,..."; networks without their first and, with IPv4, last address. */
ms_err pool_new(struct pool **out, const char *text, uint64_t seed, struct ms_why *why)
	MS_MUST_CHECK;
void pool_free(struct pool **p);
const char *pool_text(const struct pool *p);
bool pool_has(const struct pool *p, const struct ms_addr *a);
/* MS_ERR_DUPLICATE: the address belongs to somebody. */
ms_err pool_fix(struct pool *p, const struct ms_id *id, const struct ms_addr *a) MS_MUST_CHECK;
/* MS_ERR_LIMIT: none is free; MS_ERR_NOT_FOUND: the pool has none of that family. */
ms_err pool_take(struct pool *p, const struct ms_id *id, int family, const struct ms_addr *wanted,
	bool share, struct ms_addr *out) MS_MUST_CHECK;
void pool_give_back(struct pool *p, const struct ms_addr *a);
/* What time it is for those that follow, in seconds of any clock; at first 0. */
void pool_at(struct pool *p, int64_t now_s);
/* An idle lease of an earlier life, longest unused first.  What is not the pool's, or somebody else's
 * by now, or of one who has a static lease, is left out. */
ms_err pool_restore(struct pool *p, const struct ms_id *id, const struct ms_addr *a, int64_t used)
	MS_MUST_CHECK;
/* Idle leases last used before then are nobody's. */
void pool_expire(struct pool *p, int64_t before_s);
/* NULL: it was never handed out. */
const struct pool_lease *pool_lease_of(const struct pool *p, const struct ms_addr *a);
size_t pool_count(const struct pool *p);
/* The leases of some buckets from *at on, which goes on; false: that was all.  What comes between two
 * calls may be seen twice, never missed if it was there at the first. */
bool pool_some(const struct pool *p, size_t *at, size_t buckets,
	void (*f)(void *arg, const struct pool_lease *l), void *arg);
void pool_each(const struct pool *p, void (*f)(void *arg, const struct pool_lease *l), void *arg);

#endif
