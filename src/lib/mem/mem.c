/* SPDX-License-Identifier: Apache-2.0 */
#include <modswan/mem.h>

#include <stdlib.h>
#include <string.h>

bool ms_bytes_eq(struct ms_bytes a, struct ms_bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

void ms_wipe(void *ptr, size_t len)
{
	if (len > 0)
		explicit_bzero(ptr, len);
}

bool ms_ct_equal(const void *a, const void *b, size_t len)
{
	const volatile uint8_t *x = a, *y = b;
	uint8_t diff = 0;

	for (size_t i = 0; i < len; i++)
		diff |= x[i] ^ y[i];
	return diff == 0;
}

bool ms_secret_set(struct ms_secret *out, struct ms_bytes value)
{
	out->len = 0;
	out->ptr = malloc(value.len == 0 ? 1 : value.len);
	if (out->ptr == NULL)
		return false;
	if (value.len > 0)
		memcpy(out->ptr, value.ptr, value.len);
	out->len = value.len;
	return true;
}

void ms_secret_free(struct ms_secret *s)
{
	if (s->ptr != NULL) {
		ms_wipe(s->ptr, s->len);
		free(s->ptr);
	}
	s->ptr = NULL;
	s->len = 0;
}
