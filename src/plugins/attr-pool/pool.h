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
	unsigned users; /* 0: idle, kept for the identity */
	bool fixed;	/* static: for this identity alone */
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
void pool_each(const struct pool *p, void (*f)(void *arg, const struct pool_lease *l), void *arg);

#endif
