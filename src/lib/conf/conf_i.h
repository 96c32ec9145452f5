/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share. */
#ifndef LIB_CONF_I_H
#define LIB_CONF_I_H

#include <modswan/conf.h>

#define CONF_TEXT_MAX 1024 /* a default or a bound as text */

/* Rows that only explain a word have no member behind them. */
static inline bool conf_has_member(const struct ms_conf_key *key)
{
	return (key->flags & (MS_CONF_ALIAS | MS_CONF_IGNORED | MS_CONF_REFUSED)) == 0;
}

static inline void *conf_member(const struct ms_conf_key *key, void *out)
{
	return (char *)out + key->offset;
}

static inline const void *conf_member_const(const struct ms_conf_key *key, const void *from)
{
	return (const char *)from + key->offset;
}

/* Case and the kind of dash do not count: nat_keepalive is nat-keepalive. */
bool conf_word_eq(const char *a, const char *b);
void conf_list_free(char ***list);
/* Frees the old value and puts the default there; false: out of memory. */
bool conf_set_default(const struct ms_conf_key *key, void *out);
/* FLAGS and LIST from separate items; items are copied. */
ms_err conf_set_items(const struct ms_conf_key *key, void *out, const char *const *items,
	unsigned n, struct ms_why *why) MS_MUST_CHECK;
/* What a person may write: "yes or no", "a time of 1s to 1d", "one of add, start". */
void conf_expected(const struct ms_conf_key *key, char *buf, size_t size);
/* 90000 -> "90s", 3600000 -> "1h". */
void conf_time_text(uint64_t ms, char *buf, size_t size);
/* snprintf at the end of what is there; never beyond size. */
void conf_append(char *buf, size_t size, const char *fmt, ...) MS_PRINTF(3, 4);

#endif
