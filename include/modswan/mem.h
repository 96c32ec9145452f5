/* SPDX-License-Identifier: Apache-2.0 */
/* Octet views, wiping, constant-time comparison.  A view never owns what it points to. */
#ifndef MODSWAN_MEM_H
#define MODSWAN_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ms_bytes {
	const uint8_t *ptr;
	size_t len;
};

static inline struct ms_bytes ms_bytes(const void *ptr, size_t len)
{
	struct ms_bytes b = { (const uint8_t *)ptr, len };
	return b;
}

bool ms_bytes_eq(struct ms_bytes a, struct ms_bytes b);

/* Overwrites with zeros in a way that no compiler removes. */
void ms_wipe(void *ptr, size_t len);
/* Time depends on len only. */
bool ms_ct_equal(const void *a, const void *b, size_t len);

/* A heap copy that is wiped on ms_secret_free(). Keys, PSKs. */
struct ms_secret {
	uint8_t *ptr;
	size_t len;
};
/* False: out of memory, *out empty. */
bool ms_secret_set(struct ms_secret *out, struct ms_bytes value);
void ms_secret_free(struct ms_secret *s);

#endif
