/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key tables: a setting is one entry.
 *
 * Name, type, unit, bounds, default and help stand in one row; from it come the libconfig binding,
 * the messages about bad values, the sample file in conf.d/, the manual section and the listing of
 * what is in force.  A row writes straight into a member of the owner's struct; the macros check
 * the member's C type at compile time.
 */
#ifndef MODSWAN_CONF_H
#define MODSWAN_CONF_H

#include <modswan/error.h>

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ms_conf_type {
	MS_CONF_END,
	MS_CONF_BOOL,	/* bool; yes/no, true/false, on/off; or two choices */
	MS_CONF_UINT,	/* uint32_t; choices: words for some numbers */
	MS_CONF_TIME,	/* uint64_t milliseconds; text 500ms, 30s, 9m, 8h, 1d; no unit: seconds */
	MS_CONF_STRING, /* char *, heap, NULL when not set */
	MS_CONF_ENUM,	/* int; one of choices */
	MS_CONF_FLAGS,	/* uint32_t; a list of choices, or-ed */
	MS_CONF_LIST,	/* char **, heap, NULL-terminated; NULL when not set */
};

struct ms_conf_choice {
	const char *name; /* NULL ends the table */
	int value;	  /* or MS_CONF_NOT_HERE */
	const char *help; /* may be NULL: an alias that the manual does not list */
};

/* A word of the family that is not supported here: refused, with `help` as the advice. */
#define MS_CONF_NOT_HERE INT_MIN

enum ms_conf_flags {
	MS_CONF_SIDES = 1,   /* ipsec.conf: exists as left... and right... */
	MS_CONF_IGNORED = 2, /* known, accepted and said to have no effect */
	MS_CONF_SECRET = 4,  /* value is never printed */
	MS_CONF_ALIAS = 8,   /* another spelling of the row named in def_text; not in samples */
	/* Known from the family, not supported here: an error that says so, with `brief` as the
	 * advice.  def_text: the one value that is accepted, because it is what happens anyway. */
	MS_CONF_REFUSED = 16,
};

struct ms_conf_key {
	const char *name;
	enum ms_conf_type type;
	unsigned flags;
	size_t offset;	       /* of the member in the owner's struct */
	int64_t min, max;      /* UINT: value; TIME: milliseconds; max 0: the type's own */
	int64_t def;	       /* UINT, TIME (ms), BOOL, ENUM, FLAGS */
	const char *def_text;  /* STRING, LIST (comma-separated); NULL: not set */
	const char *unit;      /* "octets", "packets" ...; NULL: none, or time */
	const struct ms_conf_choice *choices;
	/* STRING, and each item of a LIST: refuses a value that cannot be used.  May be NULL. */
	ms_err (*check)(const char *value, struct ms_why *why);
	const char *brief;     /* one line, for the sample file */
	const char *text;      /* a paragraph for the manual; may be NULL */
};

#define MS_CONF_SAME_(a, b) __builtin_types_compatible_p(a, b)
#define MS_CONF_FIELD_(s, m, ctype)                                                                \
	(offsetof(s, m) +                                                                          \
		0 * sizeof(char[MS_CONF_SAME_(ctype, __typeof__(((s *)0)->m)) ? 1 : -1]))

/* Further members (.flags, .check, .min, .max, .def, .unit, .choices, .brief, .text) follow by
 * name. */
#define MS_KEY_BOOL(s, m, n, ...)                                                                  \
	{ .name = (n), .type = MS_CONF_BOOL, .offset = MS_CONF_FIELD_(s, m, bool), __VA_ARGS__ }
#define MS_KEY_UINT(s, m, n, ...)                                                                  \
	{ .name = (n), .type = MS_CONF_UINT, .offset = MS_CONF_FIELD_(s, m, uint32_t), __VA_ARGS__ }
#define MS_KEY_TIME(s, m, n, ...)                                                                  \
	{ .name = (n), .type = MS_CONF_TIME, .offset = MS_CONF_FIELD_(s, m, uint64_t), __VA_ARGS__ }
#define MS_KEY_STRING(s, m, n, ...)                                                                \
	{ .name = (n), .type = MS_CONF_STRING, .offset = MS_CONF_FIELD_(s, m, char *), __VA_ARGS__ }
#define MS_KEY_ENUM(s, m, n, ...)                                                                  \
	{ .name = (n), .type = MS_CONF_ENUM, .offset = MS_CONF_FIELD_(s, m, int), __VA_ARGS__ }
#define MS_KEY_FLAGS(s, m, n, ...)                                                                 \
	{ .name = (n), .type = MS_CONF_FLAGS, .offset = MS_CONF_FIELD_(s, m, uint32_t), __VA_ARGS__ }
#define MS_KEY_LIST(s, m, n, ...)                                                                  \
	{ .name = (n), .type = MS_CONF_LIST, .offset = MS_CONF_FIELD_(s, m, char **), __VA_ARGS__ }
#define MS_KEY_END { .type = MS_CONF_END }

/* Fills `out` with the defaults; false: out of memory. */
bool ms_conf_defaults(const struct ms_conf_key *keys, void *out);
/* Frees heap members and sets them NULL. */
void ms_conf_free(const struct ms_conf_key *keys, void *out);
/* Case and '-' against '_' do not matter.  An alias leads to the row that it stands for, unless
 * it has choices of its own: then it is itself a way to set that row's member. */
const struct ms_conf_key *ms_conf_find(const struct ms_conf_key *keys, const char *name);
/* The key whose name is nearest (edit distance at most a third of its length), or NULL. */
const struct ms_conf_key *ms_conf_nearest(const struct ms_conf_key *keys, const char *name);
/* Edit distance; case and '-' against '_' count nothing.  UINT_MAX for words over 63 octets. */
unsigned ms_text_distance(const char *a, const char *b);
/* True when `known` is near enough to `word` to be meant and nearer than *best (start with
 * UINT_MAX), which is then lowered: for "did you mean" over any list of words. */
bool ms_text_is_near(const char *word, const char *known, unsigned *best);
/* Sets one key from text; empty text: its default.  The reason names value and what was expected, not file and line. */
ms_err ms_conf_set(const struct ms_conf_key *key, void *out, const char *value,
	struct ms_why *why) MS_MUST_CHECK;
/* Deep copy of every member that the table knows; false: out of memory. */
bool ms_conf_copy(const struct ms_conf_key *keys, void *to, const void *from);
/* The value as ms_conf_set() would take it; like snprintf. */
size_t ms_conf_text(const struct ms_conf_key *key, const void *from, char *buf, size_t size);
/* Fills `out`, which holds nothing yet, with the defaults and reads a libconfig file on top of them;
 * a missing file counts as empty.  On error `out`
 * is left as ms_conf_defaults() made it and `why` names file, line, value and what was expected. */
ms_err ms_conf_load(const char *path, const struct ms_conf_key *keys, void *out,
	struct ms_why *why) MS_MUST_CHECK;

#endif
