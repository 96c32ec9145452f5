/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tools of the text forms: a writer that counts past the end of its buffer, slices of text that
 * never look beyond their length, and failures that quote the value they are about.
 */
#ifndef LIB_ADDR_TEXT_H
#define LIB_ADDR_TEXT_H

#include <modswan/error.h>

#include <stdbool.h>
#include <stdint.h>

/* buf may be NULL when size is 0.  need counts all octets, also those that found no room. */
struct ms_out {
	char *buf;
	size_t size, need;
};

struct ms_out ms_out_begin(char *buf, size_t size);
void ms_out_char(struct ms_out *o, char c);
void ms_out_str(struct ms_out *o, const char *s);
/* At least `width` digits, zero filled, lower case. */
void ms_out_uint(struct ms_out *o, uint64_t n, unsigned base, unsigned width);
/* Terminates the text (inside the buffer) and returns its length as if there had been room. */
size_t ms_out_end(struct ms_out *o);

struct ms_slice {
	const char *p;
	size_t len;
};

struct ms_slice ms_slice(const char *text, size_t len);
struct ms_slice ms_slice_from(struct ms_slice s, size_t start);
struct ms_slice ms_slice_upto(struct ms_slice s, size_t end);
bool ms_slice_is(struct ms_slice s, const char *word);
bool ms_slice_starts(struct ms_slice s, const char *word);
/* Index of the first (last) occurrence, or s.len. */
size_t ms_slice_find(struct ms_slice s, const char *word);
size_t ms_slice_rfind(struct ms_slice s, char c);
/* Only characters of `set` (and not empty). */
bool ms_slice_only(struct ms_slice s, const char *set);

/* MS_ERR_TEXT for an empty text, for NUL, other control characters and blanks; `what` is what was
 * expected, as in "an IPv4 address". */
ms_err ms_text_check(struct ms_slice s, const char *what, struct ms_why *why) MS_MUST_CHECK;

/* Writes `"value": reason` with the value shortened and made printable. */
ms_err ms_text_fail(struct ms_why *why, ms_err err, struct ms_slice value, const char *fmt, ...)
	MS_PRINTF(4, 5);

/* Value of one digit in any base up to 36, or 255. */
unsigned ms_digit(char c);

/* A host or network name through the system's resolver and networks(5); family 0: either. */
struct ms_addr;
ms_err ms_addr_lookup(
	struct ms_addr *out, struct ms_slice name, int family, struct ms_why *why) MS_MUST_CHECK;

/* Does this look like a numeric address (right or wrong), not like a name? */
bool ms_addr_looks_numeric(struct ms_slice s);

#endif
