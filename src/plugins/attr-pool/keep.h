/* SPDX-License-Identifier: Apache-2.0 */
/* Leases that outlive the daemon; see keep.c. */
#ifndef PLUGINS_ATTR_KEEP_H
#define PLUGINS_ATTR_KEEP_H

#include "pool.h"

#include <modswan/log.h>
#include <modswan/loop.h>

struct keep;

/* The pools that there are: the next one after p, NULL: the first; NULL: no more. */
typedef struct pool *keep_next_f(void *arg, const struct pool *p);

/* Reads the file.  One that is wrong is said to be, put aside as PATH.bad, and none of it is believed.
 * loop NULL: the file is never shortened.  MS_ERR_SYSTEM: it cannot be read. */
ms_err keep_new(struct keep **out, struct ms_loop *loop, const struct ms_logger *log, const char *path,
	uint64_t lease_ms, keep_next_f *next, void *arg, struct ms_why *why) MS_MUST_CHECK;
void keep_free(struct keep **keep);
/* A pool that came into being gets the leases that the file has for it. */
void keep_restore(struct keep *keep, struct pool *p);
/* Sets the pool's time, and takes from identities what they had too long ago.  keep may be NULL. */
void keep_time(const struct keep *keep, struct pool *p);
/* After an address was handed out or given back. */
void keep_note(struct keep *keep, const struct pool *p, const struct ms_addr *a);

#endif
