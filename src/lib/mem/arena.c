/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/mem/arena.h"

#include <stdlib.h>
#include <string.h>

#define ALIGN 16

struct block {
	struct block *next;
	size_t cap, used;
	_Alignas(ALIGN) uint8_t data[];
};

struct ms_arena {
	struct block *blocks; /* newest first */
	size_t used;
	bool wipe;
};

static struct block *block_new(size_t cap)
{
	struct block *b = calloc(1, sizeof *b + cap);

	if (b != NULL)
		b->cap = cap;
	return b;
}

struct ms_arena *ms_arena_new(size_t first, bool wipe)
{
	struct ms_arena *a = calloc(1, sizeof *a);

	if (a == NULL)
		return NULL;
	a->wipe = wipe;
	a->blocks = block_new(first < 128 ? 128 : first);
	if (a->blocks == NULL) {
		free(a);
		return NULL;
	}
	return a;
}

void *ms_arena_alloc(struct ms_arena *a, size_t len)
{
	struct block *b = a->blocks;
	size_t need;

	if (len > SIZE_MAX - sizeof *b - ALIGN)
		return NULL;
	need = (len + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (need > b->cap - b->used) {
		size_t cap = b->cap * 2 < need ? need : b->cap * 2;

		b = block_new(cap);
		if (b == NULL)
			return NULL;
		b->next = a->blocks;
		a->blocks = b;
	}
	b->used += need;
	a->used += need;
	return b->data + b->used - need;
}

void *ms_arena_copy(struct ms_arena *a, struct ms_bytes b)
{
	void *p = ms_arena_alloc(a, b.len == 0 ? 1 : b.len);

	if (p != NULL && b.len > 0)
		memcpy(p, b.ptr, b.len);
	return p;
}

char *ms_arena_strdup(struct ms_arena *a, const char *text)
{
	return ms_arena_copy(a, ms_bytes(text, strlen(text) + 1));
}

size_t ms_arena_used(const struct ms_arena *a)
{
	return a->used;
}

void ms_arena_free(struct ms_arena **a)
{
	struct block *b, *next;

	if (*a == NULL)
		return;
	for (b = (*a)->blocks; b != NULL; b = next) {
		next = b->next;
		if ((*a)->wipe)
			ms_wipe(b->data, b->used);
		free(b);
	}
	free(*a);
	*a = NULL;
}
