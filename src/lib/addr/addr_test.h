/* SPDX-License-Identifier: Apache-2.0 */
/* What the unit tests of this room share. */
#ifndef LIB_ADDR_ADDR_TEST_H
#define LIB_ADDR_ADDR_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <modswan/addr.h>
#include <modswan/text.h>

#include <stdlib.h>
#include <string.h>

#define ROWS(table) (sizeof(table) / sizeof(table)[0])

/* A copy of the text that ends where its memory ends: reading past it is seen by ASan. */
static inline char *exact(const char *text, size_t len)
{
	char *copy = malloc(len > 0 ? len : 1);

	assert_non_null(copy);
	memcpy(copy, text, len);
	return copy;
}

/* Every refusal says what it refuses and why. */
static inline void check_why(const struct ms_why *why, const char *text, const char *part)
{
	if (strstr(why->text, part) == NULL)
		fail_msg("\"%s\": got the reason <%s>, wanted <%s> in it", text, why->text, part);
}

#endif
