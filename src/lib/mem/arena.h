/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arenas: memory with one owner that goes in one call.  Allocations are zeroed and aligned to 16
 * octets; a wiping arena overwrites everything before it gives memory back.
 */
#ifndef MODSWAN_ARENA_H
#define MODSWAN_ARENA_H

#include <modswan/mem.h>

struct ms_arena;

/* first: octets of the first block (later blocks double).  NULL: out of memory. */
struct ms_arena *ms_arena_new(size_t first, bool wipe);
void *ms_arena_alloc(struct ms_arena *a, size_t len); /* NULL: out of memory */
void *ms_arena_copy(struct ms_arena *a, struct ms_bytes b);
char *ms_arena_strdup(struct ms_arena *a, const char *text);
size_t ms_arena_used(const struct ms_arena *a); /* octets handed out */
void ms_arena_free(struct ms_arena **a);

#endif
